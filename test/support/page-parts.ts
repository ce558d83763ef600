import type { Locator, Page } from 'playwright-core';

/** What people find on the page, by the names it has for them. */
export interface PageParts {
  readonly box: Locator;
  /** All searches of the conversation; the newest of them is the last. */
  readonly turns: Locator;
  readonly newest: Locator;
  /** The pictures of the newest search. */
  readonly cards: Locator;
  readonly dialog: Locator;
  /** The search that its heading describes so. */
  turn(description: string): Locator;
  /** A part of the newest search that can be taken out. */
  chip(text: string): Locator;
  /** The name of the picture in the detail view. */
  readonly detailName: Locator;
  /** Loads the page with these searches, and waits for the results of the last. */
  open(origin: string, ...texts: readonly string[]): Promise<void>;
  /** Types into the box and presses Enter; waits for results. */
  search(text: string): Promise<void>;
  /** Ids of the pictures of the newest search, in order. */
  ids(): Promise<string[]>;
  /** The `q` of the URL. */
  queries(): string[];
}

export function partsOf(page: Page): PageParts {
  const turns = page.locator('section.turn');
  const newest = page.locator('section.turn.newest');
  const cards = newest.locator('.grid > [data-id] > .card');
  const box = page.getByRole('searchbox', { name: 'Search pictures' });
  const dialog = page.getByRole('dialog');
  const isAnswered = () => newest.getByText(/pictures? in [\d.,]+ m?s/).waitFor();
  return {
    box,
    turns,
    newest,
    cards,
    dialog,
    turn: (description) => page.getByRole('region', { name: description, exact: true }),
    chip: (text) => newest.getByRole('list', { name: 'Parts of this search' }).getByText(text),
    detailName: dialog.getByRole('heading', { level: 2 }),
    async open(origin, ...texts) {
      await page.goto(
        `${origin}/?${new URLSearchParams(texts.map((text): [string, string] => ['q', text]))}`,
      );
      await isAnswered();
    },
    async search(text) {
      const before = await turns.count();
      await box.fill(text);
      await box.press('Enter');
      await turns.nth(before).waitFor();
      await isAnswered();
    },
    ids: () =>
      newest
        .locator('.grid > [data-id]')
        .evaluateAll((items) => items.map((item) => item.getAttribute('data-id') ?? '')),
    queries: () => new URL(page.url()).searchParams.getAll('q'),
  };
}
