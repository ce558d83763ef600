import { existsSync } from 'node:fs';
import { serve, type ServerType } from '@hono/node-server';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { createPageServer, type PageServer } from './page-server.ts';

const executablePath = '/usr/bin/chromium';
const switches =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

export const hasChromium = existsSync(executablePath);

/** What a test has of its own. */
export interface OpenPage {
  readonly page: Page;
  readonly served: PageServer;
  readonly origin: string;
}

/**
 * A page and a server of its own for every test of the `describe` it is called in. A test fails where
 * the page throws, or does what its content security policy forbids.
 */
export function usePages(): () => OpenPage {
  let browser: Browser;
  let server: ServerType;
  let open: OpenPage;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: switches.split(' ') });
  });

  afterAll(async () => browser.close());

  beforeEach(async () => {
    const served = createPageServer();
    const origin = await new Promise<string>((resolve) => {
      const options = { fetch: served.app.fetch, port: 0, hostname: '127.0.0.1' };
      server = serve(options, ({ port }) => resolve(`http://127.0.0.1:${port}`));
    });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text());
    });
    page.setDefaultTimeout(15_000);
    open = { page, served, origin };
  });

  afterEach(async () => {
    await open.page.close();
    await new Promise((resolve) => server.close(resolve));
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  });

  return () => open;
}

/** Waits until an expression is true in the page, whose policy lets nobody evaluate texts in it. */
export async function untilTrue(page: Page, expression: string): Promise<void> {
  await expect.poll(() => page.evaluate(expression), { timeout: 30_000 }).toBeTruthy();
}
