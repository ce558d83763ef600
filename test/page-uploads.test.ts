import { mkdir, open as openFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createKey } from './support/api-keys.ts';
import { colours, encodeImage, plain } from './support/images.ts';
import { dragFiles } from './support/drag-files.ts';
import {
  hasChromium,
  type OpenPage,
  sidewaysOverflow,
  soon,
  untilTrue,
  usePages,
} from './support/page-in-chromium.ts';
import { drawPicture } from './support/page-index.ts';
import { type PageParts, partsOf } from './support/page-parts.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const newDirectory = useTemporaryDirectories();

describe.skipIf(!hasChromium)('adding pictures in Chromium', () => {
  const open = usePages({ uploads: true });
  let page: Page;
  let parts: PageParts;
  let origin: string;
  let opened: OpenPage;
  let png: Buffer;
  let keyboard: Buffer;

  beforeAll(async () => {
    png = Buffer.from(await encodeImage(plain(colours.green, 32, 24), 'png'));
    keyboard = await drawPicture('objects/musical-keyboard.png');
  });

  beforeEach(() => {
    opened = open();
    ({ page, origin } = opened);
    parts = partsOf(page);
    // The page asks for a picture until it is there.
    opened.expectComplaint(/status of 404 .*\/images\//);
  });

  const add = () => page.getByRole('button', { name: 'Add pictures' });
  const row = (name: string) => page.locator('.upload').filter({ hasText: name });
  const file = (name: string, mimeType = 'image/png') => ({ name, mimeType, buffer: png });
  const says = (name: string, text: string) => row(name).getByText(text).waitFor();
  const summary = (text: string) => page.getByRole('heading', { name: text }).waitFor();

  /** The names of what the server keeps, without what it puts before them. */
  async function kept(): Promise<string[]> {
    const names = await readdir(opened.uploads, { recursive: true });
    return names.map((name) => name.replace(/^[\da-f-]{36}-/, '')).toSorted();
  }

  /** Until it is let go, no picture is in the index. */
  async function holdIndexing(): Promise<() => Promise<void>> {
    await page.route('**/images/*', (route) =>
      route.fulfill({ status: 404, json: { code: 'not_found', detail: 'Not yet' } }),
    );
    return () => page.unroute('**/images/*');
  }

  async function choose(...files: Parameters<Page['setInputFiles']>[1][]): Promise<void> {
    const chooser = page.waitForEvent('filechooser');
    await add().click();
    await (await chooser).setFiles(files.flat() as ReturnType<typeof file>[]);
  }

  test('sends what was chosen, says when it can be found, and finds it', async () => {
    await page.goto(origin);
    await choose({ ...file('grand-piano.png'), buffer: keyboard }, file('blue-boat.png'));
    await says('grand-piano.png', 'Searchable');
    await says('blue-boat.png', 'Searchable');
    await summary('2 pictures added');
    expect(await page.getByRole('status').allTextContents()).toContain('2 pictures added');
    expect(await kept()).toEqual(['blue-boat.png', 'grand-piano.png']);
    await page.getByText('to search 303 pictures').waitFor();
    await parts.search('musical keyboard');
    expect(await parts.cards.first().textContent()).toContain('grand piano');
    await page.getByRole('link', { name: 'Show grand piano' }).click();
    await parts.dialog.getByRole('heading', { name: 'grand piano', exact: true }).waitFor();
    expect(parts.queries()).toEqual(['musical keyboard']);
  });

  test('says that it is being indexed until it can be found', async () => {
    const letGo = await holdIndexing();
    await page.goto(origin);
    await choose(file('red-car.png'));
    await says('red-car.png', 'Being indexed');
    await summary('0 of 1 picture added');
    expect(await page.getByRole('button', { name: 'Close the list' }).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Hide the list' }).click();
    expect(await row('red-car.png').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Show the list' }).click();
    await letGo();
    await says('red-car.png', 'Searchable');
    await page.getByRole('button', { name: 'Close the list' }).click();
    await page.locator('#add:focus').waitFor();
    await choose(file('two.png'));
    await says('two.png', 'Searchable');
    expect(await page.locator('.upload').count()).toBe(1);
  });

  test('draws what was chosen, small', async () => {
    await page.goto(origin);
    await choose(file('red-car.png'), { ...file('odd.png'), buffer: Buffer.from('odd') });
    const middle = `(() => {
      const canvas = document.querySelector('.preview[data-drawn] canvas');
      return canvas && [...canvas.getContext('2d').getImageData(48, 48, 1, 1).data].join();
    })()`;
    await untilTrue(page, middle);
    expect(await page.evaluate(middle)).toBe([...colours.green, 255].join());
    expect(await row('odd.png').locator('.preview[data-drawn]').count()).toBe(0);
  });

  test('sends three at a time, and stops what is cancelled', async () => {
    const held: (() => void)[] = [];
    await page.route('**/uploads/form', async (route) => {
      await new Promise<void>((resolve) => held.push(resolve));
      await route.continue().catch(() => {});
    });
    await page.goto(origin);
    await choose(...['a', 'b', 'c', 'd', 'e'].map((name) => file(`${name}.png`)));
    await says('c.png', 'Sending');
    await says('d.png', 'Waiting');
    await soon(() => held.length).toBe(3);
    await page.getByRole('button', { name: 'Cancel e' }).click();
    await says('e.png', 'Cancelled');
    held[0]?.();
    await says('d.png', 'Sending');
    await soon(() => held.length).toBe(4);
    for (const release of held) release();
    await summary('4 pictures added, 1 cancelled');
    expect(await kept()).toEqual(['a.png', 'b.png', 'c.png', 'd.png']);
  });

  test('takes files that are dropped anywhere, but not behind a picture', async () => {
    const folder = await newDirectory();
    await writeFile(join(folder, 'hidden.png'), png);
    await writeFile(join(folder, 'green.png'), png);
    const id = opened.index.idOf('animals-nature/dog.png');
    await page.goto(`${origin}/?${new URLSearchParams({ q: 'a dog', image: id })}`);
    await parts.detailName.waitFor();
    await add().waitFor({ state: 'attached' });
    await dragFiles(page, [join(folder, 'hidden.png')]);
    await page.keyboard.press('Escape');
    await parts.dialog.waitFor({ state: 'hidden' });
    await dragFiles(page, [join(folder, 'green.png')], { drop: false });
    await page.getByText('Drop the pictures to add them').waitFor();
    await dragFiles(page, [join(folder, 'green.png')]);
    await says('green.png', 'Searchable');
    expect(await page.getByText('Drop the pictures to add them').isVisible()).toBe(false);
    expect(await kept()).toEqual(['green.png']);
  });

  test('takes the pictures of a folder that is dropped', async () => {
    const folder = join(await newDirectory(), 'holidays');
    await mkdir(join(folder, 'deeper'), { recursive: true });
    await writeFile(join(folder, 'beach.png'), png);
    await writeFile(join(folder, 'deeper', 'boat.png'), png);
    await writeFile(join(folder, 'notes.txt'), 'no picture');
    await page.goto(origin);
    await add().waitFor();
    await dragFiles(page, [folder]);
    await says('beach.png', 'Searchable');
    await says('boat.png', 'Searchable');
    await page.getByText('1 file that is no picture was left out.').waitFor();
    expect(await kept()).toEqual(['beach.png', 'boat.png']);
  });

  test('says why a file was not added, each alone', async () => {
    const huge = join(await newDirectory(), 'huge.png');
    const handle = await openFile(huge, 'w');
    await handle.truncate(50_000_001);
    await handle.close();
    await page.goto(origin);
    await add().waitFor();
    await dragFiles(page, [huge]);
    await says('huge.png', 'The file is larger than 50 MB.');
    await page.route('**/uploads/form', async (route) => {
      const isRefused = route.request().postDataBuffer()?.includes('refused.png') === true;
      const json = { code: 'upload_refused', detail: 'it is not as long as was agreed' };
      if (isRefused) await route.fulfill({ status: 403, json });
      else await route.continue();
    });
    opened.expectComplaint(/status of 403/);
    await choose(
      file('notes.txt', 'text/plain'),
      { ...file('empty.png'), buffer: Buffer.alloc(0) },
      file('refused.png'),
      file('good.png'),
    );
    await says('notes.txt', 'Only JPEG, PNG, WebP, BMP, TIFF, GIF and AVIF can be added.');
    await says('empty.png', 'The file is empty.');
    await says('refused.png', 'It is not as long as was agreed.');
    await says('good.png', 'Searchable');
    await summary('1 picture added, 4 failed');
    expect(await kept()).toEqual(['good.png']);
  });

  test('waits for a server that is busy, and offers to try again where it does not answer', async () => {
    opened.expectComplaint(/status of 429|ERR_CONNECTION_REFUSED/);
    const busy = { status: 429, headers: { 'retry-after': '1' }, json: { code: 'rate_limited' } };
    await page.goto(origin);
    await add().waitFor();
    await page.route('**/uploads', (route) => route.fulfill(busy), { times: 1 });
    await choose(file('first.png'));
    await says('first.png', 'Searchable');
    await page.route('**/uploads', (route) => route.abort('connectionrefused'), { times: 1 });
    await choose(file('second.png'));
    await says('second.png', 'The server does not answer.');
    await page.getByRole('button', { name: 'Try second again' }).click();
    await says('second.png', 'Searchable');
    expect(await kept()).toEqual(['first.png', 'second.png']);
  });

  test('asks once for an API key, and goes on with it', async () => {
    opened.expectComplaint(/status of 401/);
    const key = createKey({ scopes: ['search', 'write', 'admin'] });
    const { key: secret, ...entry } = key;
    opened.served.wantKeys([entry]);
    await page.goto(origin);
    await choose(file('one.png'), file('two.png'));
    await says('two.png', 'This needs an API key.');
    await says('one.png', 'This needs an API key.');
    await page.getByLabel('API key').fill(secret);
    await page.keyboard.press('Enter');
    await says('one.png', 'Searchable');
    await says('two.png', 'Searchable');
    expect(await page.getByLabel('API key').count()).toBe(0);
  });

  test('is what one can do where there are no pictures, and counts them then', async () => {
    let count = 0;
    await page.route('**/stats', (route) =>
      route.fulfill({ json: { collection: { vectors_count: count } } }),
    );
    await page.goto(origin);
    await page.getByText('or add some here').waitFor();
    count = 1;
    await choose(file('first.png'));
    await page.getByText('to search 1 picture.').waitFor();
    expect(await page.getByText('There are no pictures here yet').count()).toBe(0);
  });

  test('never scrolls sideways on a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${origin}/?q=dog`);
    await choose(file(`${'long-name-'.repeat(12)}.png`), file('notes.txt', 'text/plain'));
    await says('notes.txt', 'Only JPEG');
    expect(await sidewaysOverflow(page)).toBe(0);
    const box = await page.locator('.uploads').boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 360).toBe(true);
  });
});
