import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '../web/client.ts';
import {
  hasChromium,
  type OpenPage,
  soon,
  untilTrue,
  usePages,
} from './support/page-in-chromium.ts';
import { brokenPicture, drawPicture } from './support/page-index.ts';
import { type PageParts, partsOf } from './support/page-parts.ts';

describe.skipIf(!hasChromium)('pictures on the page in Chromium', () => {
  const open = usePages({ uploads: true });
  let page: Page;
  let parts: PageParts;
  let origin: string;
  let opened: OpenPage;

  beforeEach(() => {
    opened = open();
    ({ page, origin } = opened);
    parts = partsOf(page);
  });

  const button = (name: string) => parts.dialog.getByRole('button', { name, exact: true });
  const openImage = () => new URL(page.url()).searchParams.get('image');
  const card = (id: string) => parts.newest.locator(`.grid > [data-id="${id}"] > .card`);

  async function openFirst(query: string): Promise<string> {
    await parts.open(origin, query);
    const [id = ''] = await parts.ids();
    await card(id).click();
    await button('More like this').waitFor();
    return id;
  }

  /** Adds a picture as the page does, and waits until it is found. */
  async function upload(key: string, name: string): Promise<string> {
    const client = createClient({ baseUrl: origin });
    const sent = await client.upload(new File([await drawPicture(key)], name));
    if (!sent.ok) throw new Error(sent.problem.detail);
    const found = await client.waitUntilSearchable(sent.value.id);
    if (!found.ok) throw new Error(found.problem.detail);
    return sent.value.id;
  }

  test('are shown large with what is known of them and how they were found', async () => {
    await openFirst('a pizza');
    await parts.dialog.getByRole('heading', { name: 'pizza', exact: true }).waitFor();
    const rows = await parts.dialog.getByRole('row').allTextContents();
    expect(rows).toContain('Size192 × 192 pixels');
    expect(rows).toContain('Categoryfood-drink');
    expect(rows.join('\n')).toMatch(/File size[\d.]+ KB/);
    expect(rows.join('\n')).toMatch(/Similarity0\.\d{4} \(cosine\)/);
    expect(rows.join('\n')).toMatch(/Search took[\d.,]+ m?s/);
    expect(rows.join()).not.toMatch(/etag|thumbnail/i);
    const original = parts.dialog.getByRole('link', { name: 'Open original' });
    expect(await original.getAttribute('href')).toBe(`${origin}/pictures/${openImage()}`);
  });

  test('are followed by the next one and the one before, by button and by key', async () => {
    const first = await openFirst('a dog');
    const [, second = '', third = ''] = await parts.ids();
    expect(await button('Previous picture').getAttribute('aria-disabled')).toBe('true');
    await button('Next picture').click();
    await soon(openImage).toBe(second);
    await page.keyboard.press('ArrowRight');
    await soon(openImage).toBe(third);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await soon(openImage).toBe(first);
    await page.keyboard.press('ArrowRight');
    await soon(openImage).toBe(second);
    await page.keyboard.press('Escape');
    await parts.dialog.waitFor({ state: 'hidden' });
    await soon(() => openImage()).toBeNull();
    await untilTrue(
      page,
      `document.activeElement.closest('[data-id]')?.dataset.id === '${second}'`,
    );
  });

  test('lead to similar ones, one from another, and Back through them', async () => {
    const first = await openFirst('a dog');
    const similar = parts.dialog.locator('.strip [data-id] > .card');
    await similar.first().click();
    await soon(openImage).not.toBe(first);
    const second = openImage();
    await button('Back').click();
    await soon(openImage).toBe(first);
    await page.goForward();
    await soon(openImage).toBe(second);
    await button('Close').click();
    await parts.dialog.waitFor({ state: 'hidden' });
    await soon(openImage).toBeNull();
    expect(parts.queries()).toEqual(['a dog']);
    expect(await parts.cards.count()).toBeGreaterThan(0);
  });

  test('open from a link, which closes into its results', async () => {
    const id = opened.index.idOf('food-drink/banana.png');
    await page.goto(`${origin}/?${new URLSearchParams({ q: 'a dog', image: id })}`);
    await parts.dialog.getByRole('heading', { name: 'banana', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await parts.dialog.waitFor({ state: 'hidden' });
    await parts.cards.first().waitFor();
    expect(parts.queries()).toEqual(['a dog']);
    await soon(openImage).toBeNull();
  });

  test('are searched for more like them from where they are shown', async () => {
    const id = await openFirst('a pizza');
    await button('More like this').click();
    await parts.dialog.waitFor({ state: 'hidden' });
    await soon(() => parts.queries()).toEqual(['a pizza', `like:${id}`]);
    await parts.cards.first().waitFor();
    expect(await parts.ids()).not.toContain(id);
  });

  test('that the link of is gone are said to be gone', async () => {
    opened.expectComplaint(/status of 404/);
    await page.goto(`${origin}/?image=999`);
    await parts.dialog.getByText('This picture is not in the index').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'What are you looking for?' }).waitFor();
    expect(await parts.dialog.isVisible()).toBe(false);
  });

  test('that are damaged have a placeholder in their place', async () => {
    const id = opened.index.idOf(brokenPicture);
    await parts.open(origin, 'a fox');
    await card(id).getByText('Cannot be shown').waitFor();
    await card(id).click();
    await parts.dialog.getByText('Cannot be shown').waitFor();
    expect(await parts.detailName.textContent()).toBe('fox');
  });

  test('are shown small among others and large alone, and large where the small one is gone', async () => {
    opened.expectComplaint(/status of 404 .*\/thumbnails\//);
    const [small, gone] = ['food-drink/pizza.png', 'food-drink/taco.png'].map(opened.index.idOf);
    await page.route(/\/search(\?|$)/, async (route) => {
      const response = await route.fetch();
      const text = await response.text();
      const body = text.replaceAll(
        /("url":"\/pictures\/(\d+)","thumbnail_url":)null/g,
        '$1"/thumbnails/$2"',
      );
      await route.fulfill({ response, body });
    });
    const thumbnail = await drawPicture('objects/rocket.png').catch(() =>
      drawPicture('travel-places/rocket.png'),
    );
    await page.route(`**/thumbnails/${small}`, (route) =>
      route.fulfill({ contentType: 'image/png', body: thumbnail }),
    );
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await parts.open(origin, 'a pizza or a taco');
    const source = (place: string) => `document.querySelector('${place}')?.currentSrc ?? ''`;
    const inGrid = (id = '') => source(`.grid > [data-id="${id}"] img`);
    await untilTrue(page, `(${inGrid(gone)}).endsWith('/pictures/${gone}')`);
    expect(await page.evaluate(inGrid(small))).toBe(`${origin}/thumbnails/${small}`);
    expect(asked).not.toContain(`/pictures/${small}`);
    await card(small ?? '').click();
    await untilTrue(page, `(${source('dialog .detail-body img')}).endsWith('/pictures/${small}')`);
    expect(asked).toContain(`/thumbnails/${gone}`);
  });

  test('that were uploaded can be deleted, once one has said so twice', async () => {
    const id = await upload('objects/guitar.png', 'my-guitar.png');
    expect(await openFirst('a guitar')).toBe(id);
    await button('Delete').click();
    await parts.dialog.getByText('Delete this picture for good?').waitFor();
    await button('Keep').click();
    await button('Delete').click();
    await button('Delete').click();
    await parts.dialog.waitFor({ state: 'hidden' });
    await soon(() => parts.ids()).not.toContain(id);
    const gone = await createClient({ baseUrl: origin }).image(id);
    expect(gone.ok).toBe(false);
    await page.reload();
    await parts.cards.first().waitFor();
    expect(await parts.ids()).not.toContain(id);
  });

  test('are kept where the keyboard says so, as it is asked first', async () => {
    const id = await upload('objects/guitar.png', 'my-guitar.png');
    await openFirst('a guitar');
    await button('Delete').focus();
    await page.keyboard.press('Enter');
    await parts.dialog.getByText('Delete this picture for good?').waitFor();
    await page.keyboard.press('Enter');
    await untilTrue(page, 'document.activeElement?.textContent === "Delete"');
    expect(await parts.dialog.getByText('for good?').count()).toBe(0);
    expect((await createClient({ baseUrl: origin }).image(id)).ok).toBe(true);
  });

  test('are not deleted with a key that may not, which can be typed again', async () => {
    opened.expectComplaint(/status of 403/);
    const id = await upload('objects/guitar.png', 'my-guitar.png');
    const json = { code: 'forbidden', detail: 'The key lacks admin' };
    await openFirst('a guitar');
    await page.route(`**/images/${id}`, (route) => route.fulfill({ status: 403, json }), {
      times: 1,
    });
    await button('Delete').click();
    await button('Delete').click();
    await parts.dialog.getByText('This API key may not delete pictures.').waitFor();
    await parts.dialog.getByLabel('API key').fill('ps_admin');
    await page.keyboard.press('Enter');
    await parts.dialog.waitFor({ state: 'hidden' });
    await soon(() => parts.ids()).not.toContain(id);
    expect((await createClient({ baseUrl: origin }).image(id)).ok).toBe(false);
  });

  test('of others cannot be deleted', async () => {
    await openFirst('a pizza');
    await parts.dialog.locator('.strip [data-id]').first().waitFor();
    expect(await button('Delete').count()).toBe(0);
  });
});
