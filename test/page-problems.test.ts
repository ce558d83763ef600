import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createKey } from './support/api-keys.ts';
import {
  hasChromium,
  type OpenPage,
  sidewaysOverflow,
  soon,
  untilTrue,
  usePages,
} from './support/page-in-chromium.ts';
import { type PageParts, partsOf } from './support/page-parts.ts';

const searches = /\/search(\?|$)/;

describe.skipIf(!hasChromium)('what goes wrong, on the page in Chromium', () => {
  const open = usePages();
  let page: Page;
  let parts: PageParts;
  let origin: string;
  let opened: OpenPage;

  beforeEach(() => {
    opened = open();
    ({ page, origin } = opened);
    parts = partsOf(page);
  });

  const notice = () => parts.newest.getByRole('alert');

  /** A key that the server wants from now on. It may search, and not read statistics. */
  function wantKey(): string {
    const { key, ...entry } = createKey();
    opened.served.wantKeys([entry]);
    return key;
  }

  /** The answer to the next search. */
  async function answerNext(status: number, json: object, headers = {}): Promise<void> {
    opened.expectComplaint(new RegExp(`status of ${status}`));
    await page.route(searches, (route) => route.fulfill({ status, headers, json }), { times: 1 });
  }

  test('a server that is gone is said to be, keeps what was found, and is asked again when it is back', async () => {
    opened.expectComplaint(/ERR_CONNECTION|ERR_SOCKET|ERR_EMPTY|Failed to fetch/);
    await parts.open(origin, 'a dog');
    const found = await parts.cards.count();
    await opened.served.goOffline();
    await parts.box.fill('a pizza');
    await parts.box.press('Enter');
    await notice().getByText('The search server does not answer').waitFor();
    expect(await parts.turn('a dog').locator('.card').count()).toBeGreaterThan(0);
    expect(found).toBeGreaterThan(0);
    await opened.served.comeBack();
    await notice().getByRole('button', { name: 'Try again' }).click();
    await parts.cards.first().waitFor();
    expect(await parts.cards.first().textContent()).toContain('pizza');
    expect(await notice().count()).toBe(0);
  });

  test('a list that cannot be read on keeps what is there, and goes on on demand', async () => {
    opened.expectComplaint(/ERR_CONNECTION|ERR_EMPTY/);
    await page.setViewportSize({ width: 1280, height: 600 });
    await parts.open(origin, 'a dog');
    const less = parts.newest.getByRole('button', { name: 'Show less certain results' });
    await opened.served.goOffline();
    await less.click();
    await notice().getByText('The search server does not answer').waitFor();
    const before = await parts.ids();
    expect(before.length).toBeGreaterThan(0);
    await opened.served.comeBack();
    await notice().getByRole('button', { name: 'Try again' }).click();
    await soon(async () => (await parts.ids()).length).toBeGreaterThan(before.length);
    expect((await parts.ids()).slice(0, before.length)).toEqual(before);
  });

  test('a server that is not ready is said to be, with what it says itself', async () => {
    await answerNext(503, {
      title: 'The encoder does not answer',
      code: 'encoder_unavailable',
      detail: 'The encoder is warming up',
    });
    await page.goto(`${origin}/?q=a+dog`);
    await notice().getByText('The encoder is warming up.').waitFor();
    await notice().getByRole('button', { name: 'Try again' }).click();
    await parts.cards.first().waitFor();
    expect(await notice().count()).toBe(0);
  });

  test('too many searches wait as long as the server asks for, and are asked again by themselves', async () => {
    await answerNext(429, {}, { 'retry-after': '1' });
    await page.goto(`${origin}/?q=a+dog`);
    await notice().getByText('Too many searches at once').waitFor();
    await parts.cards.first().waitFor();
    expect(await notice().count()).toBe(0);
  });

  test('an answer that makes no sense is said to make none', async () => {
    await page.route(searches, (route) => route.fulfill({ status: 200, body: '<html>' }), {
      times: 1,
    });
    await page.goto(`${origin}/?q=a+dog`);
    await notice().waitFor();
    expect(await notice().textContent()).toMatch(/makes no sense/);
    await notice().getByRole('button', { name: 'Try again' }).click();
    await parts.cards.first().waitFor();
  });

  test('a field that the server refuses is named', async () => {
    const errors = [{ path: 'query', message: 'must have at most 512 characters' }];
    await answerNext(422, { title: 'A', code: 'invalid_field', detail: '', errors });
    await page.goto(`${origin}/?q=a+dog`);
    await notice().getByText('Query must have at most 512 characters.').waitFor();
    expect(await parts.cards.count()).toBe(0);
  });

  test('of 10,000 characters the beginning is searched for, and it is said so', async () => {
    await page.goto(origin);
    await parts.search('a dog');
    await parts.box.fill('lorem ipsum '.repeat(834).slice(0, 10_000));
    await parts.box.press('Enter');
    await parts.newest
      .getByText('Only the first 512 characters of a text are searched for.')
      .waitFor();
    await parts.cards.first().waitFor();
    expect(await sidewaysOverflow(page)).toBe(0);
    const urls = opened.served.asked.map(({ path }) => path.length);
    expect(Math.max(...urls)).toBeLessThan(2000);
    await parts.search('a pizza');
    expect(await parts.turns.count()).toBe(3);
  });

  test('a link of 10,000 characters opens a page that says what is wrong', async () => {
    opened.expectComplaint(/status of 4\d\d/);
    await page.goto(`${origin}/?q=${'x'.repeat(10_000)}`);
    await page.getByText('512 characters').first().waitFor();
    expect(await sidewaysOverflow(page)).toBe(0);
  });

  test('an API key is asked for where one is wanted, told to be wrong, and kept when it is good', async () => {
    opened.expectComplaint(/status of 40[13]/);
    const key = wantKey();
    await page.goto(origin);
    await page.getByRole('link', { name: 'a red car' }).click();
    await notice().getByText('This server wants an API key').waitFor();
    await page.getByLabel('API key').fill('ps_wrong');
    await page.keyboard.press('Enter');
    await notice().getByText('This API key was refused').waitFor();
    await page.locator('[name="api-key"]:focus').waitFor();
    expect(await page.getByLabel('API key').inputValue()).toBe('');
    await page.keyboard.type(` ${key} `);
    await page.getByRole('button', { name: 'Use this key' }).click();
    await parts.cards.first().waitFor();
    expect(await page.getByLabel('API key').count()).toBe(0);
    await page.reload();
    await parts.cards.first().waitFor();
  });

  test('a key that ends in the middle is asked for anew, and the conversation stays', async () => {
    opened.expectComplaint(/status of 40[13]/);
    await parts.open(origin, 'a dog');
    const key = wantKey();
    await parts.box.fill('a pizza');
    await parts.box.press('Enter');
    await notice().getByText('This server wants an API key').waitFor();
    expect(await parts.turn('a dog').locator('.card').count()).toBeGreaterThan(0);
    await page.getByLabel('API key').fill(key);
    await page.keyboard.press('Enter');
    await parts.cards.first().waitFor();
    expect(parts.queries()).toEqual(['a dog', 'a pizza']);
  });

  test('pictures that want a key are shown with it, and opened in a tab', async () => {
    opened.expectComplaint(/status of 40[13]/);
    const key = wantKey();
    const id = opened.index.idOf('food-drink/pizza.png');
    await page.goto(`${origin}/?${new URLSearchParams({ q: 'a pizza', image: id })}`);
    await parts.dialog.getByLabel('API key').fill(key);
    await page.keyboard.press('Enter');
    await parts.dialog.getByRole('heading', { name: 'pizza', exact: true }).waitFor();
    await untilTrue(page, 'document.querySelector("dialog .detail-body img")?.naturalWidth > 0');
    const tab = page.context().waitForEvent('page');
    await parts.dialog.getByRole('link', { name: 'Open original' }).click();
    expect((await tab).url()).toMatch(/^blob:/);
  });

  test('a key that may do something else only is told so', async () => {
    await answerNext(403, { code: 'forbidden', detail: 'the key lacks search' });
    await page.goto(`${origin}/?q=a+dog`);
    await notice().getByText('This API key may not search').waitFor();
    await page.getByLabel('API key').fill('ps_other');
    await page.keyboard.press('Enter');
    await parts.cards.first().waitFor();
    expect(await notice().count()).toBe(0);
  });

  test('an empty index says what to do', async () => {
    const json = { collection: { vectors_count: 0 } };
    await page.route('**/stats', (route) => route.fulfill({ json }));
    await page.goto(origin);
    await page.getByText('There are no pictures here yet').waitFor();
    expect(await page.getByText('or add some here').isVisible()).toBe(false);
  });

  test('a page without scripts says that it needs them', async () => {
    const bare = await opened.newPage({ javaScriptEnabled: false });
    await bare.goto(origin);
    expect(await bare.locator('noscript p').isVisible()).toBe(true);
    expect(await bare.locator('noscript').innerText()).toContain('needs JavaScript');
  });
});
