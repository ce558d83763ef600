import type { Page } from 'playwright-core';
import type { ActionParts } from './page-actions.ts';
import { selectors, settle } from './page-ways.ts';

const conversation = ['a dog', 'more like the second'] as const;

/** A picture of a search and what came of it, each asked for twice so that nothing is warmed up by it. */
export async function takePicture(
  page: Page,
  { origin }: Pick<ActionParts, 'origin'>,
  path: string,
): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const _ of conversation) {
    await page.goto(origin);
    for (const text of conversation) {
      await page.locator(selectors.box).fill(text);
      await page.locator(selectors.box).press('Enter');
      await page.locator(selectors.answered).first().waitFor();
      await settle(page);
    }
  }
  await page.evaluate('scrollTo({ top: 0, behavior: "instant" })');
  await settle(page);
  await page.screenshot({ path });
}
