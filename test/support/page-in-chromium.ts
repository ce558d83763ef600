import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { buildPage } from '../../scripts/page-build.ts';
import { expectOk } from './expect-ok.ts';
import { openPageIndex, type PageIndex } from './page-index.ts';
import { type PageServer, startPageServer } from './page-server.ts';
import { useTemporaryDirectories } from './temporary-directory.ts';

export const executablePath = '/usr/bin/chromium';
const switches =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

export const hasChromium = existsSync(executablePath);

const root = join(import.meta.dirname, '../..');

/** What a test has of its own. */
export interface OpenPage {
  readonly page: Page;
  readonly served: PageServer;
  readonly origin: string;
  readonly index: PageIndex;
  /** Where the server keeps what is uploaded. */
  readonly uploads: string;
  /** Another page, with settings of its own, that is watched like the first. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** What the browser complains of in these words is what the test is about. */
  expectComplaint(about: RegExp): void;
}

export interface PagesOptions {
  /** Whether the server takes pictures. By default it does not. */
  readonly uploads?: boolean;
  /** Further settings of the server, read before every test. */
  readonly environment?: () => Readonly<Record<string, string>>;
}

/**
 * A page and a server of its own for every test of the `describe` it is called in. A test fails where
 * the page throws, writes an error to the console, or does what its content security policy forbids.
 */
export function usePages({ uploads = false, environment }: PagesOptions = {}): () => OpenPage {
  const newDirectory = useTemporaryDirectories();
  let browser: Browser;
  let index: PageIndex;
  let pageFolder: string;
  let open: OpenPage;
  let complaints: string[];
  let expected: RegExp[];

  beforeAll(async () => {
    pageFolder = expectOk(await buildPage());
    browser = await chromium.launch({ executablePath, args: switches.split(' ') });
    index = await openPageIndex(await newDirectory());
  });

  afterAll(async () => {
    await browser?.close();
    await index?.close();
  });

  async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      const isError = message.type() === 'error';
      if (isError || message.text().includes('Content Security Policy')) {
        complaints.push(`${message.text()} (${message.location().url})`);
      }
    });
    page.setDefaultTimeout(30_000);
    return page;
  }

  beforeEach(async () => {
    complaints = [];
    expected = [];
    const dataDirectory = await newDirectory();
    const env = environment?.();
    const served = await startPageServer({ index, pageFolder, dataDirectory, uploads, env });
    const page = await newPage();
    const expectComplaint = (about: RegExp) => void expected.push(about);
    open = {
      page,
      served,
      origin: served.origin,
      index,
      uploads: join(dataDirectory, 'uploads'),
      newPage,
      expectComplaint,
    };
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await open.served.close();
    const real = complaints.filter((text) => !expected.some((about) => about.test(text)));
    if (real.length > 0) throw new Error(real.join('\n'));
  });

  return () => open;
}

/** Waits until something is so in the page. Texts can't be evaluated there again and again: its policy forbids it. */
export async function untilTrue(page: Page, expression: string): Promise<void> {
  await expect.poll(() => page.evaluate(expression), { timeout: 30_000 }).toBeTruthy();
}

/** Keeps what the page looks like, for people: `coverage/screenshots/<name>.png`. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = join(root, 'coverage/screenshots');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** How much wider the page is than its window. */
export function sidewaysOverflow(page: Page): Promise<number> {
  return page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
}

/** `expect.poll`, for a machine that has much else to do. */
export const soon: typeof expect.poll = (get, options) =>
  expect.poll(get, { timeout: 30_000, ...options });
