import type { Page } from 'playwright-core';

export const selectors = {
  box: '#query',
  card: 'section.turn.newest .grid > [data-id] > .card',
  answered: 'section.turn.newest .turn-results[aria-busy="false"] .card',
  filter: '.facet .toggle',
  similar: 'dialog[open] .strip .card',
} as const;

const words =
  'dog cat house car boat tree flower fish bird apple pizza clock book heart star moon sun hat shoe key'.split(
    ' ',
  );

/** Another for each of twenty runs. */
export function wordOf(run: number): string {
  return words[run % words.length] ?? 'dog';
}

/** Where people are on the page before they do something. */
export interface Ways {
  start(page: Page): Promise<void>;
  /** These searches, of which the last has its results. */
  results(page: Page, ...texts: readonly string[]): Promise<void>;
  /** The best result of a search, with similar ones. */
  detail(page: Page, run: number): Promise<void>;
}

export function createWays(origin: string): Ways {
  async function start(page: Page): Promise<void> {
    await page.goto(origin);
    await settle(page);
  }

  async function results(page: Page, ...texts: readonly string[]): Promise<void> {
    const parameters = new URLSearchParams(texts.map((text): [string, string] => ['q', text]));
    await page.goto(`${origin}/?${parameters}`);
    await page.locator(selectors.answered).first().waitFor();
    await settle(page);
  }

  async function detail(page: Page, run: number): Promise<void> {
    // A single word may have one certain result, and so no next one.
    await results(page, `an animal +${wordOf(run)}`);
    await page.locator(selectors.card).nth(1).waitFor();
    await page.locator(selectors.card).first().click();
    await page.locator(selectors.similar).first().waitFor();
    await settle(page);
  }

  return { start, results, detail };
}

/** What the page does by itself after it was loaded must not count as an answer. */
export async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(100);
}
