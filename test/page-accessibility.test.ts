import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seriousFindings } from './support/accessibility.ts';
import { createKey } from './support/api-keys.ts';
import { type OpenAiServer, says, startOpenAiServer } from './support/openai-server.ts';
import {
  hasChromium,
  keepScreenshot,
  type OpenPage,
  sidewaysOverflow,
  soon,
  untilTrue,
  usePages,
} from './support/page-in-chromium.ts';
import { drawPicture } from './support/page-index.ts';
import { partsOf } from './support/page-parts.ts';

/** Those in view: others are loaded when somebody comes to them. */
const arePicturesThere = `[...document.images].every((picture) => {
  const { top, right, bottom, left } = picture.getBoundingClientRect();
  const isInView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  return picture.complete || !isInView;
})`;
const isStill = 'document.getAnimations().every(({ playState }) => playState !== "running")';

/** What the page can look like, each brought about by hand. */
const states: Readonly<Record<string, (page: Page, opened: OpenPage) => Promise<unknown>>> = {
  async start(page, { origin }) {
    await page.goto(origin);
    await page.getByText(/to search 30\d pictures/).waitFor();
  },
  async results(page, { origin }) {
    const parts = partsOf(page);
    await parts.open(origin, 'an animal -dogs', 'something red category:food-drink +fruit');
    await parts.cards.first().waitFor();
    await page.getByRole('group', { name: 'Filter these results' }).waitFor();
  },
  async conversation(page, { origin }) {
    const parts = partsOf(page);
    await page.goto(origin);
    await page.getByRole('button', { name: 'Explain results' }).click();
    await parts.search('a dog');
    await parts.search('more like the second but without people');
    await parts.newest.getByText('They fit.').waitFor();
  },
  async detail(page, { origin, index }) {
    const image = index.idOf('animals-nature/dog.png');
    await page.goto(`${origin}/?${new URLSearchParams({ q: 'a dog', image })}`);
    const dialog = page.getByRole('dialog');
    await dialog.locator('.strip .card').first().waitFor();
  },
  async uploads(page, opened) {
    opened.expectComplaint(/status of 404 .*\/images\//);
    await page.goto(opened.origin);
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Add pictures' }).click();
    const buffer = await drawPicture('objects/guitar.png');
    await (
      await chooser
    ).setFiles([
      { name: 'guitar.png', mimeType: 'image/png', buffer },
      { name: 'notes.txt', mimeType: 'text/plain', buffer },
    ]);
    await page.getByText('Searchable').waitFor();
  },
  async nothing(page, { origin }) {
    await page.goto(`${origin}/?${new URLSearchParams({ q: 'a dog category:ships' })}`);
    await page.getByText('No pictures match').waitFor();
  },
  async offline(page, opened) {
    opened.expectComplaint(/ERR_/);
    await page.goto(opened.origin);
    await page.getByText(/to search 30\d pictures/).waitFor();
    await opened.served.goOffline();
    await page.getByRole('link', { name: 'a dog' }).click();
    await page.getByRole('alert').waitFor();
    await opened.served.comeBack();
  },
  async key(page, opened) {
    opened.expectComplaint(/status of 40[13]/);
    const { key: _, ...entry } = createKey();
    opened.served.wantKeys([entry]);
    await page.goto(`${opened.origin}/?q=a+dog`);
    await page.getByLabel('API key').waitFor();
  },
};

describe.skipIf(!hasChromium)('everybody can use the page in Chromium', () => {
  let model: OpenAiServer;
  let opened: OpenPage;

  beforeAll(async () => {
    model = await startOpenAiServer(says('They fit.'));
  });
  afterAll(async () => model?.close());

  const open = usePages({
    uploads: true,
    environment: () => ({
      LLM_ENABLED: 'true',
      LLM_MODEL: 'small',
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: model.url,
      LLM_TIMEOUT_MS: '20000',
      REQUEST_TIMEOUT_MS: '30000',
    }),
  });
  beforeEach(() => {
    opened = open();
  });

  test.each(Object.keys(states))('axe finds nothing serious, light or dark: %s', async (name) => {
    await states[name]?.(opened.page, opened);
    expect(await seriousFindings(opened.page)).toEqual([]);
    await opened.page.emulateMedia({ colorScheme: 'dark' });
    await untilTrue(opened.page, isStill);
    expect(await seriousFindings(opened.page)).toEqual([]);
    await keepScreenshot(opened.page, `dark-${name}`);
  });

  test.each([
    [360, 740],
    [1280, 800],
    [1920, 1080],
  ])('it fits into %d pixels, and pictures of that are kept', async (width, height) => {
    const page = await opened.newPage({ viewport: { width, height }, reducedMotion: 'reduce' });
    for (const name of ['start', 'results', 'conversation', 'detail', 'uploads', 'offline']) {
      await states[name]?.(page, opened);
      expect(await sidewaysOverflow(page)).toBe(0);
      await untilTrue(page, arePicturesThere);
      await keepScreenshot(page, `${width}-${name}`);
    }
  });

  test('nothing moves for whoever wants it so', async () => {
    const page = await opened.newPage({ reducedMotion: 'reduce' });
    await states['results']?.(page, opened);
    const moving = `document.getAnimations().filter(({ effect }) => {
      const { duration, iterations } = effect.getComputedTiming();
      return duration > 10 && iterations > 0;
    }).length`;
    await partsOf(page).search('a dog');
    expect(await page.evaluate(moving)).toBe(0);
    const lasting = `[...document.querySelectorAll('*')].filter((each) => {
      const style = getComputedStyle(each);
      const longest = (text) => Math.max(...text.split(',').map((part) => parseFloat(part)));
      return longest(style.transitionDuration) > 0.01 || longest(style.animationDuration) > 0.01;
    }).map((each) => each.className).slice(0, 5)`;
    expect(await page.evaluate(lasting)).toEqual([]);
  });

  test('a whole session goes by keyboard alone', async () => {
    const { page, origin } = opened;
    const parts = partsOf(page);
    const press = (...keys: readonly string[]) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () =>
      page.evaluate<string>(
        'document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim() ?? ""',
      );
    /** Tabs until it is at what has this name. */
    async function tabTo(name: RegExp, key = 'Tab'): Promise<void> {
      for (let presses = 0; presses < 80; presses += 1) {
        if (name.test(await focused())) return;
        await press(key);
      }
      throw new Error(`Not reached by ${key}: ${name}`);
    }
    await page.goto(origin);
    await page.locator('#query:focus').waitFor();
    await page.keyboard.type('a dog');
    await press('Enter');
    await parts.cards.first().waitFor();
    const [first = '', second = ''] = await parts.ids();
    await press('ArrowDown', 'ArrowRight', 'Enter');
    await parts.dialog.locator('.strip .card').first().waitFor();
    expect(new URL(page.url()).searchParams.get('image')).toBe(second);
    await press('ArrowLeft');
    await soon(() => new URL(page.url()).searchParams.get('image')).toBe(first);
    await press('Escape');
    await parts.dialog.waitFor({ state: 'hidden' });
    await tabTo(/^More like /);
    await press('Enter');
    await soon(() => parts.queries()).toEqual(['a dog', `like:${first}`]);
    await parts.cards.first().waitFor();
    await press('/');
    await page.locator('#query:focus').waitFor();
    await page.keyboard.type('without cats');
    await press('Enter');
    await parts.chip('without cats').waitFor();
    await parts.cards.first().waitFor();
    await tabTo(/^Remove: without cats/, 'Shift+Tab');
    await press('Enter');
    await soon(async () => parts.queries().at(-1)).toBe(`like:${first}`);
    await press('/');
    await tabTo(/^food drink/, 'Shift+Tab');
    await press('Space');
    await soon(async () => parts.queries().at(-1)).toContain('category:food-drink');
    expect(await focused()).toMatch(/^food drink/);
    await press('Space');
    await soon(async () => parts.queries().at(-1)).toBe(`like:${first}`);
  });
});
