import { type Browser, type LaunchOptions, chromium } from 'playwright-core';

export interface FirstPaint {
  /** Since the address was asked for, in milliseconds: something, something of the content. */
  readonly paintMs: number;
  readonly contentfulMs: number;
  /** Until one can type and something happens: the script has run. */
  readonly readyMs: number;
}

const timesOf = `(() => {
  const [paint] = performance.getEntriesByName('first-paint');
  const [contentful] = performance.getEntriesByName('first-contentful-paint');
  const [navigation] = performance.getEntriesByType('navigation');
  if (!paint || !contentful || !navigation || navigation.domContentLoadedEventEnd === 0) return null;
  return {
    paintMs: paint.startTime,
    contentfulMs: contentful.startTime,
    readyMs: navigation.domContentLoadedEventEnd,
  };
})()`;

/** The first visit of somebody: a new browser, which has nothing of the page. */
export async function measureFirstPaint(
  origin: string,
  options: LaunchOptions,
): Promise<FirstPaint> {
  const browser: Browser = await chromium.launch(options);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(origin, { waitUntil: 'load' });
    for (;;) {
      const times = await page.evaluate<FirstPaint | null>(timesOf);
      if (times !== null) return times;
      await page.waitForTimeout(20);
    }
  } finally {
    await browser.close();
  }
}
