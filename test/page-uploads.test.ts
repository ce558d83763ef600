import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { colours, encodeImage, plain } from './support/images.ts';
import { hasChromium, untilTrue, usePages } from './support/page-in-chromium.ts';
import type { PageServer } from './support/page-server.ts';

const png = await encodeImage(plain(colours.green, 32, 24), 'png');

describe.skipIf(!hasChromium)('adding pictures in Chromium', () => {
  const open = usePages();
  let page: Page;
  let served: PageServer;
  let origin: string;

  beforeEach(() => {
    ({ page, served, origin } = open());
    served.uploads.enable(true);
  });

  const add = () => page.getByRole('button', { name: 'Add pictures' });
  const row = (name: string) => page.locator('.upload').filter({ hasText: name });
  const dialog = () => page.getByRole('dialog');
  const file = (name: string, mimeType = 'image/png') => ({ name, mimeType, buffer: png });
  const says = (name: string, text: string) => row(name).getByText(text).waitFor();
  const summary = (text: string) => page.getByRole('heading', { name: text }).waitFor();

  async function choose(...files: readonly ReturnType<typeof file>[]): Promise<void> {
    const chooser = page.waitForEvent('filechooser');
    await add().click();
    await (await chooser).setFiles([...files]);
  }

  /** As if they came from the desktop. */
  async function drag(type: 'dragenter' | 'drop', name: string): Promise<void> {
    const bytes = JSON.stringify([...png]);
    await page.evaluate(`{
      const dataTransfer = new DataTransfer();
      const file = new File([new Uint8Array(${bytes})], '${name}', { type: 'image/png' });
      dataTransfer.items.add(file);
      const target = document.querySelector('dialog[open]') ?? document.body;
      const event = { dataTransfer, bubbles: true, cancelable: true };
      target.dispatchEvent(new DragEvent('${type}', event));
    }`);
  }

  test('sends what was chosen, and says when it can be found, with a link to it', async () => {
    await page.goto(`${origin}/?q=dog`);
    await choose(file('red-car.png'), file('blue-boat.png'));
    await says('red-car.png', 'Being indexed');
    await summary('0 of 2 pictures added');
    expect(served.uploads.posted.toSorted()).toEqual(['blue-boat.png', 'red-car.png']);
    served.uploads.index();
    await says('red-car.png', 'Searchable');
    await says('blue-boat.png', 'Searchable');
    await summary('2 pictures added');
    expect(await page.getByRole('status').allTextContents()).toContain('2 pictures added');
    await page.getByRole('link', { name: 'Show red car' }).click();
    await dialog().getByRole('heading', { name: 'red car', exact: true }).waitFor();
    expect(new URL(page.url()).search).toMatch(/^\?q=dog&image=100\d$/);
  });

  test('draws what was chosen, small', async () => {
    await page.goto(origin);
    await choose(file('red-car.png'), { ...file('odd.png'), buffer: Buffer.from('odd') });
    const middle = `(() => {
      const canvas = document.querySelector('.preview canvas');
      return canvas && [...canvas.getContext('2d').getImageData(48, 48, 1, 1).data].join();
    })()`;
    await untilTrue(page, middle);
    expect(await page.evaluate(middle)).toBe([...colours.green, 255].join());
    expect(await row('odd.png').locator('.preview svg').count()).toBe(1);
  });

  test('sends three at a time', async () => {
    const held: (() => void)[] = [];
    await page.route('**/uploads/form', async (route) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await route.continue();
    });
    served.uploads.index();
    await page.goto(origin);
    await choose(...['a', 'b', 'c', 'd', 'e'].map((name) => file(`${name}.png`)));
    await says('c.png', 'Sending');
    await says('d.png', 'Waiting');
    await says('e.png', 'Waiting');
    await expect.poll(() => held.length).toBe(3);
    held[0]?.();
    await says('d.png', 'Sending');
    await expect.poll(() => held.length).toBe(4);
    for (const release of held) release();
    await expect.poll(() => held.length).toBe(5);
    held[4]?.();
    await summary('5 pictures added');
  });

  test('takes files that are dropped anywhere, but not behind a picture', async () => {
    served.uploads.index();
    await page.goto(`${origin}/?q=dog&image=5`);
    await dialog().getByRole('heading', { name: 'brown dog 5' }).waitFor();
    await add().waitFor({ state: 'attached' });
    await drag('drop', 'hidden.png');
    await page.keyboard.press('Escape');
    await add().waitFor();
    await drag('dragenter', 'green.png');
    await page.getByText('Drop the pictures to add them').waitFor();
    await drag('drop', 'green.png');
    await says('green.png', 'Searchable');
    expect(await page.getByText('Drop the pictures to add them').isVisible()).toBe(false);
    expect(served.uploads.posted).toEqual(['green.png']);
  });

  test('says why a file was not added, each alone', async () => {
    served.uploads.index();
    await page.goto(origin);
    await choose(
      file('notes.txt', 'text/plain'),
      { ...file('empty.png'), buffer: Buffer.alloc(0) },
      { ...file('huge.png'), buffer: Buffer.alloc(100_001) },
      file('refused.png'),
      file('good.png'),
    );
    await says('notes.txt', 'Only JPEG, PNG, WebP, BMP, TIFF, GIF and AVIF can be added.');
    await says('empty.png', 'The file is empty.');
    await says('huge.png', 'The file is larger than 100 KB.');
    await says('refused.png', 'Cannot upload the file as it is not as long as was agreed.');
    await says('good.png', 'Searchable');
    await summary('1 picture added, 4 failed');
    expect(served.uploads.posted).toEqual(['good.png']);
  });

  test('waits for a server that is busy, and offers to try again where it does not answer', async () => {
    served.uploads.index();
    served.uploads.refuseNext(429, 'rate_limited', 'Cannot answer as there are too many requests');
    await page.goto(origin);
    await choose(file('first.png'));
    await says('first.png', 'Waiting');
    await says('first.png', 'Searchable');
    await page.route('**/uploads', (route) => route.abort('connectionrefused'), { times: 1 });
    await choose(file('second.png'));
    await says('second.png', 'The server does not answer.');
    await page.getByRole('button', { name: 'Try second again' }).click();
    await says('second.png', 'Searchable');
    expect(served.uploads.posted).toEqual(['first.png', 'second.png']);
  });

  test('asks once for an API key, and goes on with it', async () => {
    served.wantKey('ps_right');
    served.uploads.index();
    await page.goto(origin);
    await choose(file('one.png'), file('two.png'));
    await says('two.png', 'This needs an API key.');
    await says('one.png', 'This needs an API key.');
    await page.getByLabel('API key').fill('ps_right');
    await page.keyboard.press('Enter');
    await says('one.png', 'Searchable');
    await says('two.png', 'Searchable');
    expect(await page.getByLabel('API key').count()).toBe(0);
  });

  test('can be folded and, once nothing is under way, closed', async () => {
    await page.goto(origin);
    await choose(file('one.png'));
    await says('one.png', 'Being indexed');
    expect(await page.getByRole('button', { name: 'Close the list' }).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Hide the list' }).click();
    expect(await row('one.png').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Show the list' }).click();
    served.uploads.index();
    await says('one.png', 'Searchable');
    await page.getByRole('button', { name: 'Close the list' }).click();
    await page.locator('#add:focus').waitFor();
    await choose(file('two.png'));
    await says('two.png', 'Searchable');
    expect(await page.locator('.upload').count()).toBe(1);
  });

  test('is what one can do where there are no pictures, and counts them then', async () => {
    let count = 0;
    await page.route('**/stats', (route) =>
      route.fulfill({ json: { collection: { vectors_count: count } } }),
    );
    served.uploads.index();
    await page.goto(origin);
    await page.getByText('or add some here').waitFor();
    count = 1;
    await choose(file('first.png'));
    await page.getByText('to search 1 picture.').waitFor();
    expect(await page.getByText('There are no pictures here yet').count()).toBe(0);
  });

  test('is not offered where the server takes no pictures', async () => {
    served.uploads.enable(false);
    const asked = page.waitForResponse('**/uploads');
    await page.goto(origin);
    await (await asked).finished();
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 50))');
    expect(await add().isVisible()).toBe(false);
    await page.goto(`${origin}/?image=5`);
    await dialog().getByRole('heading', { name: 'brown dog 5' }).waitFor();
    expect(await dialog().getByRole('button', { name: 'Delete' }).count()).toBe(0);
  });

  test('never scrolls sideways on a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${origin}/?q=dog`);
    await choose(file(`${'long-name-'.repeat(12)}.png`), file('refused.png'));
    await says('refused.png', 'Cannot upload the file');
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate(overflow)).toBe(0);
    const box = await page.locator('#uploads').boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 360).toBe(true);
  });
});
