import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { dragFiles } from '../test/support/drag-files.ts';
import { addBareHandler, type FeedbackOf } from './page-feedback.ts';
import { createWays, selectors, settle, type Ways, wordOf } from './page-ways.ts';

/** Something that people do on the page, and the event by which the browser learns of it. */
export interface PageAction extends FeedbackOf {
  readonly name: string;
  /** Not the first that is seen, so no bar is set: a search waits until nobody has typed for 150 ms. */
  readonly isLater?: boolean;
  /** Brings the page there where it can be done. `run` counts from 0, so that nothing is known already. */
  prepare(page: Page, run: number): Promise<unknown>;
  act(page: Page, run: number): Promise<unknown>;
}

export interface ActionParts {
  readonly origin: string;
  /** Where the pictures are that are dropped. */
  readonly folder: string;
}

export function createPageActions({ origin, folder }: ActionParts): readonly PageAction[] {
  const ways = createWays(origin);
  return [
    ...createTypingActions(ways),
    ...createSearchActions(ways),
    ...createPictureActions(ways),
    ...createOtherActions(ways, folder),
  ];
}

const { box, card, filter, similar, answered } = selectors;

function createTypingActions({ start, results }: Ways): readonly PageAction[] {
  const press = (page: Page, run: number) => page.keyboard.press(wordOf(run).charAt(0));
  const letter = { event: 'keydown', prepare: start, act: press };
  const enter = (page: Page) => page.locator(box).press('Enter');
  return [
    { name: 'type a letter: it is in the box', ...letter },
    { name: 'type a letter: it is searched for', ...letter, changesAlone: true, isLater: true },
    {
      name: 'Enter: a new search',
      event: 'keydown',
      async prepare(page, run) {
        await results(page, `a ${wordOf(run)}`);
        await page.locator(box).fill(`two ${wordOf(run + 7)}s`);
      },
      act: enter,
    },
    {
      name: 'refine in words',
      event: 'keydown',
      async prepare(page, run) {
        await results(page, `a ${wordOf(run)}`);
        await page.locator(box).fill('without people');
      },
      act: enter,
    },
  ];
}

function createSearchActions({ results }: Ways): readonly PageAction[] {
  return [
    {
      name: 'remove a chip',
      event: 'pointerdown',
      prepare: (page, run) => results(page, `a ${wordOf(run)} -people`),
      act: (page) => page.getByRole('button', { name: /^Remove: without/ }).click(),
    },
    {
      name: 'choose a filter',
      event: 'pointerdown',
      async prepare(page, run) {
        await results(page, `a ${wordOf(run)}`);
        await page.locator(filter).first().waitFor();
      },
      act: (page) => page.locator(filter).first().click(),
    },
    {
      name: 'scroll for more',
      event: 'wheel',
      async prepare(page, run) {
        await results(page, `a ${wordOf(run)}`);
        await page.getByRole('button', { name: 'Show less certain results' }).click();
        await page.getByRole('button', { name: 'Show more' }).waitFor();
        await page.evaluate('scrollTo({ top: 0, behavior: "instant" })');
        await page.mouse.move(640, 300);
        await settle(page);
      },
      act: (page) => page.mouse.wheel(0, 20_000),
    },
  ];
}

function createPictureActions({ results, detail }: Ways): readonly PageAction[] {
  return [
    {
      name: 'open a picture',
      event: 'pointerdown',
      prepare: (page, run) => results(page, `a ${wordOf(run)}`),
      act: (page) => page.locator(card).first().click(),
    },
    {
      name: 'next picture',
      event: 'keydown',
      prepare: detail,
      act: (page) => page.keyboard.press('ArrowRight'),
    },
    {
      name: 'open a similar picture',
      event: 'pointerdown',
      prepare: detail,
      act: (page) => page.locator(similar).first().click(),
    },
    {
      name: 'more like this',
      event: 'pointerdown',
      prepare: detail,
      act: (page) => page.getByRole('button', { name: 'More like this', exact: true }).click(),
    },
  ];
}

function createOtherActions({ start, results }: Ways, folder: string): readonly PageAction[] {
  return [
    {
      name: 'back',
      event: 'popstate',
      async prepare(page, run) {
        await results(page, `a ${wordOf(run)}`);
        await page.locator(box).fill(`two ${wordOf(run + 7)}s`);
        await page.locator(box).press('Enter');
        await page.locator(answered).first().waitFor();
        await settle(page);
      },
      act: (page) => page.goBack(),
    },
    {
      name: 'explain, turned on',
      event: 'pointerdown',
      prepare: (page, run) => results(page, `a ${wordOf(run)}`),
      act: (page) => page.getByRole('button', { name: 'Explain results' }).click(),
    },
    {
      name: 'drop a picture',
      event: 'drop',
      prepare: start,
      act: (page, run) => dragFiles(page, [join(folder, `dropped-${run}.png`)]),
    },
    {
      name: 'a bare handler (what this machine allows)',
      event: 'pointerdown',
      prepare: (page) => start(page).then(() => addBareHandler(page)),
      act: (page) => page.locator('#bare').click(),
    },
  ];
}
