import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { hasChromium, untilTrue, usePages } from './support/page-in-chromium.ts';
import type { PageServer } from './support/page-server.ts';

describe.skipIf(!hasChromium)('pictures on the page in Chromium', () => {
  const open = usePages();
  let page: Page;
  let served: PageServer;
  let origin: string;

  beforeEach(() => {
    ({ page, served, origin } = open());
    served.uploads.enable(true);
  });

  const card = (name: string) => page.locator('#grid').getByRole('link', { name });
  const dialog = () => page.getByRole('dialog');
  const button = (name: string) => dialog().getByRole('button', { name, exact: true });

  async function openPicture(id: number): Promise<void> {
    await page.goto(`${origin}/?q=dog`);
    await card(`brown dog ${id} `).click();
    await dialog()
      .getByRole('heading', { name: `brown dog ${id}`, exact: true })
      .waitFor();
  }

  test('that were uploaded can be deleted, once one has said so twice', async () => {
    await openPicture(11);
    await button('Delete').click();
    await dialog().getByText('Delete this picture for good?').waitFor();
    await button('Keep').click();
    expect(served.uploads.removed).toEqual([]);
    await button('Delete').click();
    await button('Delete').click();
    await dialog().waitFor({ state: 'hidden' });
    expect(served.uploads.removed).toEqual(['11']);
    expect(await card('brown dog 11 ').count()).toBe(0);
    await page.getByRole('button', { name: 'Show more' }).click();
    await card('brown dog 40 ').waitFor();
    expect(await card('brown dog 11 ').count()).toBe(0);
  });

  test('are kept where the keyboard says so, as it is asked first', async () => {
    await openPicture(11);
    await button('Delete').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await untilTrue(page, 'document.activeElement?.textContent === "Delete"');
    expect(await dialog().getByText('for good?').count()).toBe(0);
    expect(served.uploads.removed).toEqual([]);
  });

  test('of others cannot be deleted, and nothing is where no pictures are taken', async () => {
    await page.goto(`${origin}/?image=11`);
    await button('Delete').waitFor();
    await openPicture(5);
    await page.waitForLoadState('networkidle');
    expect(await button('Delete').count()).toBe(0);
    served.uploads.enable(false);
    await openPicture(11);
    await page.waitForLoadState('networkidle');
    expect(await button('Delete').count()).toBe(0);
  });

  test('are not deleted with a key that may not, which can be typed again', async () => {
    const json = { code: 'forbidden', detail: 'The key lacks admin' };
    await page.route('**/images/11', (route) => route.fulfill({ status: 403, json }), { times: 1 });
    await openPicture(11);
    await button('Delete').click();
    await button('Delete').click();
    await dialog().getByText('This API key may not delete pictures.').waitFor();
    await dialog().getByLabel('API key').fill('ps_admin');
    await page.keyboard.press('Enter');
    await dialog().waitFor({ state: 'hidden' });
    expect(served.uploads.removed).toEqual(['11']);
  });

  test('are shown with what their files say, in words', async () => {
    await openPicture(5);
    const rows = await dialog().getByRole('row').allTextContents();
    expect(rows).toContain('File size2.3 MB');
    expect(rows.find((row) => row.startsWith('Taken'))).toMatch(/^TakenJun 1, 2020, 12:00\sPM$/);
    expect(rows.join()).not.toMatch(/abcdef|thumbnail/i);
  });

  test('are shown small among others and large alone, and large where the small one is gone', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const source = (place: string) => `document.querySelector('${place}')?.currentSrc`;
    const inGrid = (nth: number) => source(`#grid li:nth-child(${nth}) img`);
    await page.goto(`${origin}/?q=dog`);
    await card('brown dog 4 ').waitFor();
    await untilTrue(page, `${inGrid(5)}?.endsWith('/pictures/4')`);
    expect(await page.evaluate(inGrid(4))).toBe(`${origin}/thumbnails/3`);
    expect(asked).not.toContain('/pictures/3');
    await card('brown dog 3 ').click();
    await untilTrue(page, `${source('#detail img')}?.endsWith('/pictures/3')`);
    expect(asked).toContain('/thumbnails/4');
  });
});
