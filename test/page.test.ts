import type { Page, Route } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  hasChromium,
  sidewaysOverflow,
  soon,
  untilTrue,
  usePages,
} from './support/page-in-chromium.ts';
import { type PageParts, partsOf } from './support/page-parts.ts';
import type { PageIndex } from './support/page-index.ts';
import type { PageServer } from './support/page-server.ts';

describe.skipIf(!hasChromium)('the search page in Chromium', () => {
  const open = usePages();
  let page: Page;
  let parts: PageParts;
  let origin: string;
  let served: PageServer;
  let index: PageIndex;

  beforeEach(() => {
    ({ page, origin, served, index } = open());
    parts = partsOf(page);
  });

  const isSearch = (route: Pick<Route, 'request'>, text: string) =>
    new URL(route.request().url()).searchParams.get('q') === text ||
    (route.request().postData() ?? '').includes(`"query":${JSON.stringify(text)}`);

  /** Holds back the answer to one query until it is let go. */
  async function hold(text: string): Promise<() => void> {
    const gate = Promise.withResolvers<void>();
    await page.route(/\/search(\?|$)/, async (route) => {
      if (isSearch(route, text)) await gate.promise;
      await route.continue().catch(() => {});
    });
    return gate.resolve;
  }

  test('says how many pictures there are, and offers examples that search', async () => {
    await page.goto(origin);
    await page.getByText('to search 301 pictures').waitFor();
    await page.getByRole('link', { name: 'a dog' }).click();
    await parts.turn('a dog').waitFor();
    await parts.cards.first().waitFor();
    expect(parts.queries()).toEqual(['a dog']);
    expect(await parts.box.inputValue()).toBe('');
  });

  test('finds what it is asked for, and says how sure it is and how long it took', async () => {
    await page.goto(origin);
    await parts.search('a pizza');
    expect(await parts.cards.first().textContent()).toContain('pizza');
    expect((await parts.ids())[0]).toBe(index.idOf('food-drink/pizza.png'));
    const status = parts.newest.getByRole('status').first();
    expect(await status.textContent()).toMatch(/^\d+ pictures? in [\d.,]+ ms$/);
  });

  test('says when an answer was known already', async () => {
    await parts.open(origin, 'a pizza');
    const status = (from: PageParts) => from.newest.getByRole('status').first().textContent();
    expect(await status(parts)).not.toContain('cached');
    // Somebody else, whose browser has no copy of the answer.
    const others = partsOf(await open().newPage());
    await others.open(origin, 'a pizza');
    expect(await status(others)).toMatch(/^\d+ pictures? in [\d.,]+ ms · cached$/);
  });

  test('shows results while one types, and makes a turn of them on Enter', async () => {
    await page.goto(origin);
    await parts.box.pressSequentially('a banana');
    await parts.cards.first().waitFor();
    await parts.turn('a banana').waitFor();
    expect(parts.queries()).toEqual(['a banana']);
    expect(await parts.box.inputValue()).toBe('a banana');
    await parts.box.press('Enter');
    await soon(() => parts.box.inputValue()).toBe('');
    expect(await parts.turns.count()).toBe(1);
    expect(parts.queries()).toEqual(['a banana']);
  });

  test('shows that it searches before anything is answered', async () => {
    const letGo = await hold('a house');
    await page.goto(origin);
    await parts.box.fill('a house');
    await parts.box.press('Enter');
    await parts.newest.getByText('Searching…').waitFor();
    await parts.newest.locator('.skeleton').first().waitFor();
    letGo();
    await parts.cards.first().waitFor();
    expect(await parts.newest.locator('.skeleton').count()).toBe(0);
  });

  test('never lets a late answer replace a newer one', async () => {
    const letGo = await hold('a snail');
    await page.goto(origin);
    const asked = page.waitForRequest((request) => isSearch({ request: () => request }, 'a snail'));
    await parts.box.pressSequentially('a snail');
    await asked;
    await parts.box.fill('a pizza');
    await soon(() => parts.cards.first().textContent()).toContain('pizza');
    const shown = await parts.ids();
    letGo();
    await page.evaluate("fetch('/search?q=after&top_k=1').then((response) => response.text())");
    expect(await parts.ids()).toEqual(shown);
    expect(await parts.turn('a snail').count()).toBe(0);
  });

  test('keeps one search above the next, the newest last and whole', async () => {
    await page.goto(origin);
    await parts.search('a dog');
    await parts.search('a pizza');
    expect(await parts.turns.count()).toBe(2);
    expect(parts.queries()).toEqual(['a dog', 'a pizza']);
    const older = parts.turn('a dog');
    const folded = await older.locator('.grid > [data-id]').count();
    await older.getByRole('button', { name: 'Show all' }).click();
    await older.getByRole('button', { name: 'Show the first row only' }).waitFor();
    expect(await older.locator('.grid > [data-id]').count()).toBeGreaterThanOrEqual(folded);
    const tops = await Promise.all([older.boundingBox(), parts.newest.boundingBox()]);
    expect(tops[0]?.y).toBeLessThan(tops[1]?.y ?? 0);
  });

  test('scrolls through everything that is found, each picture once', async () => {
    await parts.open(origin, 'a dog');
    const less = parts.newest.getByRole('button', { name: 'Show less certain results' });
    const count = () => parts.newest.locator('.grid > [data-id]').count();
    for (;;) {
      const before = await count();
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      if (await less.isVisible()) await less.click();
      if (before === index.points.length) break;
      await soon(count).toBeGreaterThan(before);
    }
    const ids = await parts.ids();
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids)).toEqual(new Set(index.points.map(({ record }) => record.id)));
  });

  test('reads a list on from where it was when the server has forgotten it', async () => {
    await parts.open(origin, 'a dog');
    const less = parts.newest.getByRole('button', { name: 'Show less certain results' });
    if (await less.isVisible()) await less.click();
    const before = new Set(await parts.ids());
    open().expectComplaint(/status of 410/);
    served.forgetLists();
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await soon(async () => (await parts.ids()).length).toBeGreaterThan(before.size);
    const ids = await parts.ids();
    expect(new Set(ids).size).toBe(ids.length);
    expect([...before].every((id) => ids.includes(id))).toBe(true);
  });

  test('is the same conversation after a reload, and for whoever is sent the link', async () => {
    await page.goto(origin);
    await parts.search('a dog');
    await parts.search('a pizza');
    const ids = await parts.ids();
    await page.reload();
    await parts.cards.first().waitFor();
    expect(await parts.turns.count()).toBe(2);
    expect(await parts.ids()).toEqual(ids);
    const other = await open().newPage();
    const others = partsOf(other);
    await other.goto(page.url());
    await others.cards.first().waitFor();
    expect(await others.ids()).toEqual(ids);
    expect(await others.turns.count()).toBe(2);
  });

  test('goes back and forward through the searches', async () => {
    await page.goto(origin);
    await parts.search('a dog');
    await parts.search('a pizza');
    await page.goBack();
    await soon(() => parts.turns.count()).toBe(1);
    await parts.turn('a dog').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'What are you looking for?' }).waitFor();
    expect(await parts.turns.count()).toBe(0);
    await page.goForward();
    await page.goForward();
    await soon(() => parts.turns.count()).toBe(2);
    await soon(() => parts.cards.first().textContent()).toContain('pizza');
  });

  test('leads by keyboard from the box to a card, opens it and comes back', async () => {
    await parts.open(origin, 'a dog');
    const focused = () => page.locator('.grid > [data-id] > .card:focus');
    const focusedId = () =>
      page.evaluate<string>('document.activeElement.closest("[data-id]")?.dataset.id ?? ""');
    await parts.box.focus();
    await page.keyboard.press('ArrowDown');
    await focused().waitFor();
    const ids = await parts.ids();
    expect(await focusedId()).toBe(ids[0]);
    await page.keyboard.press('ArrowRight');
    expect(await focusedId()).toBe(ids[1]);
    await page.keyboard.press('Enter');
    await parts.dialog.waitFor();
    await soon(() => new URL(page.url()).searchParams.get('image')).toBe(ids[1]);
    await page.keyboard.press('Escape');
    await parts.dialog.waitFor({ state: 'hidden' });
    await soon(focusedId).toBe(ids[1]);
    await soon(() => new URL(page.url()).searchParams.get('image')).toBeNull();
    await page.keyboard.press('/');
    await page.locator('#query:focus').waitFor();
    await page.keyboard.type('cat');
    await parts.turn('cat').waitFor();
    await page.keyboard.press('Escape');
    await soon(() => parts.box.inputValue()).toBe('');
    await soon(() => parts.queries()).toEqual(['a dog']);
  });

  test('takes a hostile file name and a hostile query for text', async () => {
    const query = '<img src=x onerror="document.title=2">';
    await page.goto(`${origin}/?${new URLSearchParams({ q: query })}`);
    await parts.newest.waitFor();
    await soon(() => parts.newest.getByRole('status').first().textContent()).toMatch(/picture/);
    const id = index.idOf('animals-nature/<img src=x onerror="document.title=1">.png');
    await page.goto(`${origin}/?${new URLSearchParams({ q: 'a dog', image: id })}`);
    await parts.dialog
      .getByRole('heading', { name: '<img src=x onerror="document.title=1">' })
      .waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.title()).toContain('Picture search');
  });

  test('says that nothing matches, and what to do', async () => {
    await page.goto(`${origin}/?${new URLSearchParams({ q: 'a dog category:ships' })}`);
    await parts.newest.getByText('No pictures match').waitFor();
    await parts.newest.getByText('Take a filter away').waitFor();
    await parts.newest.getByRole('button', { name: 'Remove: category: ships' }).click();
    await parts.cards.first().waitFor();
    expect(parts.queries()).toEqual(['a dog']);
  });

  test('says that the end of a query was left out', async () => {
    const long = 'a dog in the snow beside a house with a garden and '.repeat(9).trim();
    await page.goto(`${origin}/?${new URLSearchParams({ q: long.slice(0, 500) })}`);
    await page.getByText('so its end was left out').waitFor();
    expect(await parts.cards.count()).toBeGreaterThan(0);
  });

  test('offers no adding where the server takes no pictures', async () => {
    const asked = page.waitForResponse('**/uploads');
    await page.goto(origin);
    await (await asked).finished();
    await page.getByText('to search 301 pictures').waitFor();
    expect(await page.getByRole('button', { name: 'Add pictures' }).count()).toBe(0);
  });

  test('offers no explanation where the server has no language model', async () => {
    await parts.open(origin, 'a dog');
    expect(await page.getByRole('button', { name: 'Explain results' }).count()).toBe(0);
    expect(await parts.newest.locator('.explanation').getAttribute('data-step')).toBe('none');
  });

  test.each([
    [360, 740],
    [1920, 1080],
  ])('never scrolls sideways at %d pixels', async (width, height) => {
    await page.setViewportSize({ width, height });
    await page.goto(origin);
    await page.getByRole('link', { name: 'a dog' }).waitFor();
    expect(await sidewaysOverflow(page)).toBe(0);
    await parts.search('a dog');
    await parts.search('x'.repeat(300));
    await parts.search('a pizza -cheese category:food-drink');
    expect(await sidewaysOverflow(page)).toBe(0);
    await parts.cards.first().click();
    await parts.dialog.getByRole('heading', { name: 'Similar pictures' }).waitFor();
    await untilTrue(page, 'document.querySelectorAll("dialog .card").length > 3');
    expect(await sidewaysOverflow(page)).toBe(0);
  });
});
