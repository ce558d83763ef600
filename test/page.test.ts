import { existsSync } from 'node:fs';
import { serve, type ServerType } from '@hono/node-server';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { untilTrue } from './support/page-in-chromium.ts';
import { createPageServer } from './support/page-server.ts';

const executablePath = '/usr/bin/chromium';
const switches =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const hasChromium = existsSync(executablePath);
describe.skipIf(!hasChromium)('the search page in Chromium', () => {
  const { app, wantKey, releaseSlow } = createPageServer();
  let browser: Browser;
  let server: ServerType;
  let origin: string;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    origin = await new Promise((resolve) => {
      server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}`),
      );
    });
    browser = await chromium.launch({ executablePath, args: switches.split(' ') });
  });

  afterAll(async () => {
    await browser.close();
    await new Promise((resolve) => server.close(resolve));
  });

  beforeEach(async () => {
    complaints = [];
    wantKey(null);
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text());
    });
    page.setDefaultTimeout(15_000);
  });

  afterEach(async () => {
    await page.close();
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  });

  const cards = () => page.locator('#grid a');
  const box = () => page.getByRole('searchbox', { name: 'Search pictures' });
  const dialog = () => page.getByRole('dialog');
  const heading = (name: string) => dialog().getByRole('heading', { name, exact: true });
  const focusedName = () => page.locator('#grid a:focus .name').textContent();

  const similar = (name: string) => dialog().getByRole('link', { name });

  async function appears(text: string): Promise<boolean> {
    await page.getByText(text).first().waitFor();
    return true;
  }

  async function search(query: string): Promise<void> {
    await page.goto(`${origin}/?${new URLSearchParams({ q: query })}`);
    await cards().first().waitFor();
  }

  test('says how many pictures there are and offers examples that search', async () => {
    await page.goto(origin);
    await page.getByText('1,234 pictures').waitFor();
    await page.getByRole('link', { name: 'a red car' }).click();
    await cards().first().waitFor();
    expect(await box().inputValue()).toBe('a red car');
    expect(new URL(page.url()).search).toBe('?q=a+red+car');
  });

  test('shows results while one types, with count, time and cache', async () => {
    await page.goto(origin);
    await page.keyboard.type('brown dog');
    await page.getByText('24 pictures in 3.2 ms · cached').waitFor();
    expect(await cards().count()).toBe(24);
    const first = cards().first();
    expect(await first.textContent()).toContain('brown dog 0');
    expect(await first.textContent()).toContain('animals');
    expect(await first.textContent()).toContain('0.400');
    expect(new URL(page.url()).search).toBe('?q=brown+dog');
  });

  test('never lets a late answer replace a newer one', async () => {
    await page.goto(origin);
    const asked = page.waitForRequest((request) => request.url().includes('q=slow'));
    await page.keyboard.type('slow');
    await page.keyboard.press('Enter');
    await asked;
    await box().fill('brown dog');
    await cards().first().waitFor();
    releaseSlow();
    await page.evaluate("fetch('/search?q=after&top_k=1').then((response) => response.text())");
    expect(await page.getByText('late snail').count()).toBe(0);
    expect(await cards().count()).toBe(24);
  });

  test('leads by keyboard from the box to a card, opens it and comes back', async () => {
    await search('dog');
    await box().focus();
    await page.keyboard.press('ArrowDown');
    expect(await focusedName()).toBe('brown dog 0');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    const focused = (await focusedName()) ?? '';
    expect(focused).toMatch(/^brown dog ([5-9]|1\d)$/);
    await page.keyboard.press('Enter');
    await heading(focused).waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    await page.waitForURL(`${origin}/?q=dog`);
    expect(await focusedName()).toBe(focused);
    await page.keyboard.press('/');
    await page.locator('#query:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL(`${origin}/`);
    expect(await box().inputValue()).toBe('');
  });

  test('opens similar pictures one from another, and Back leads through them', async () => {
    await search('dog');
    await cards().nth(4).click();
    await heading('brown dog 4').waitFor();
    await similar('brown dog 6').click();
    await heading('brown dog 6').waitFor();
    expect(new URL(page.url()).search).toBe('?q=dog&image=6');
    await dialog().getByRole('button', { name: 'Back' }).click();
    await heading('brown dog 4').waitFor();
    await page.goForward();
    await heading('brown dog 6').waitFor();
    await dialog().getByRole('button', { name: 'Close' }).click();
    await dialog().waitFor({ state: 'hidden' });
    await page.waitForURL(`${origin}/?q=dog`);
    expect(await cards().count()).toBe(24);
  });

  test('goes back from the results of one query to those of the one before', async () => {
    await page.goto(origin);
    await page.keyboard.type('dog');
    await page.keyboard.press('Enter');
    await cards().first().waitFor();
    await box().fill('nothing');
    await page.getByText('No pictures match “nothing”').waitFor();
    await page.goBack();
    await cards().first().waitFor();
    expect(await box().inputValue()).toBe('dog');
    await page.goBack();
    await page.getByRole('link', { name: 'a red car' }).waitFor();
  });

  test('opens a picture from a link, which closes into its results', async () => {
    await page.goto(`${origin}/?q=dog&image=7`);
    await heading('brown dog 7').waitFor();
    const original = dialog().getByRole('link', { name: 'Open original' });
    expect(await original.getAttribute('href')).toBe(`${origin}/pictures/7`);
    await page.keyboard.press('Escape');
    await page.waitForURL(`${origin}/?q=dog`);
    await cards().first().waitFor();
  });

  test('shows a hostile file name as text', async () => {
    await search('dog');
    await cards().nth(2).click();
    await heading('<img src=x onerror="document.title=1">').waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.title()).toContain('Picture search');
  });

  test('shows more results on demand, up to a hundred', async () => {
    await search('dog');
    for (const count of [48, 72, 96, 100]) {
      await page.getByRole('button', { name: 'Show more' }).click();
      await page.getByText(`${count} pictures in`).waitFor();
      expect(await cards().count()).toBe(count);
    }
    expect(await page.getByRole('button', { name: 'Show more' }).isVisible()).toBe(false);
  });

  test.each([
    ['that a picture cannot be shown', '/?q=dog', 'Cannot be shown'],
    ['that the picture of a link is gone', '/?image=999', 'This picture is not in the index'],
    ['that nothing matches', '/?q=nothing', 'No pictures match “nothing”'],
    ['that a field is wrong', '/?q=invalid', 'Query must have at most 512 characters.'],
    ['that the server is not ready', '/?q=unready', 'The encoder is warming up.'],
    ['that the end of a query was left out', '/?q=truncated', 'so its end was left out'],
  ])('says %s', async (_title, path, text) => {
    await page.goto(origin + path);
    expect(await appears(text)).toBe(true);
  });

  test('tries again on demand', async () => {
    await page.goto(`${origin}/?q=unready`);
    const again = page.waitForResponse((response) => response.url().includes('q=unready'));
    await page.getByRole('button', { name: 'Try again' }).click();
    expect((await again).status()).toBe(503);
  });

  test('waits as long as the server asks for and searches again by itself', async () => {
    const tooMany = { status: 429, headers: { 'retry-after': '1' }, json: {} };
    await page.route('**/search?*', (route) => route.fulfill(tooMany), { times: 1 });
    await page.goto(`${origin}/?q=dog`);
    await page.getByText('Too many searches at once').waitFor();
    await cards().first().waitFor();
    expect(await page.getByText('Too many searches at once').count()).toBe(0);
  });

  test('says that the server does not answer', async () => {
    await search('dog');
    await page.route('**/search?*', (route) => route.abort('connectionrefused'));
    await box().fill('cat');
    await page.getByText('The search server does not answer').waitFor();
    expect(await cards().count()).toBe(0);
  });

  test('asks for an API key where one is wanted, says that it is wrong, and keeps a good one', async () => {
    wantKey('ps_right');
    await page.goto(origin);
    await page.getByRole('link', { name: 'a red car' }).click();
    await page.getByText('This server wants an API key').waitFor();
    await page.getByLabel('API key').fill('ps_wrong');
    await page.keyboard.press('Enter');
    await page.getByText('Cannot answer as nobody has this API key.').waitFor();
    await page.locator('[name="api-key"]:focus').waitFor();
    expect(await page.getByLabel('API key').inputValue()).toBe('');
    await page.keyboard.type(' ps_right ');
    await page.getByRole('button', { name: 'Use this key' }).click();
    await cards().first().waitFor();
    expect(await page.getByLabel('API key').count()).toBe(0);
    await page.reload();
    await cards().first().waitFor();
  });

  test('shows pictures that want an API key, and opens the original', async () => {
    wantKey('ps_right');
    await page.goto(`${origin}/?q=dog&image=3`);
    await dialog().getByLabel('API key').fill('ps_right');
    await page.keyboard.press('Enter');
    await heading('brown dog 3').waitFor();
    const shown = 'document.querySelector("#detail .mat img")?.naturalWidth > 0';
    await untilTrue(page, shown);
    const opened = page.context().waitForEvent('page');
    await dialog().getByRole('link', { name: 'Open original' }).click();
    expect((await opened).url()).toMatch(/^blob:/);
    await (await opened).close();
  });

  test('tells that a key may do something else only', async () => {
    const forbidden = { status: 403, json: { code: 'forbidden', detail: 'the key lacks search' } };
    await page.route('**/search?*', (route) => route.fulfill(forbidden), { times: 1 });
    await page.goto(`${origin}/?q=dog`);
    await page.getByText('This API key may not search').waitFor();
    await page.getByLabel('API key').fill('ps_other');
    await page.keyboard.press('Enter');
    await cards().first().waitFor();
    expect(await page.getByText('This API key may not search').count()).toBe(0);
  });

  test('says what to do where no pictures are indexed', async () => {
    const json = { collection: { vectors_count: 0 } };
    await page.route('**/stats', (route) => route.fulfill({ json }));
    await page.goto(origin);
    expect(await appears('There are no pictures here yet')).toBe(true);
    expect(await page.getByText('or add some here').isVisible()).toBe(false);
  });

  test('never scrolls sideways on a phone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    await page.goto(origin);
    await page.getByRole('link', { name: 'a red car' }).waitFor();
    expect(await page.evaluate(overflow)).toBe(0);
    await search('dog');
    expect(await page.evaluate(overflow)).toBe(0);
    await cards().nth(2).click();
    await similar('brown dog 4').waitFor();
    expect(await page.evaluate(overflow)).toBe(0);
  });
});
