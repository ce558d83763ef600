import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { hasChromium, soon, usePages } from './support/page-in-chromium.ts';
import { type PageParts, partsOf } from './support/page-parts.ts';

describe.skipIf(!hasChromium)('a conversation on the page in Chromium', () => {
  const open = usePages();
  let page: Page;
  let parts: PageParts;
  let origin: string;

  beforeEach(() => {
    ({ page, origin } = open());
    parts = partsOf(page);
  });

  const categories = () => parts.newest.locator('.card .category').allTextContents();
  const removal = (name: string) => parts.newest.getByRole('button', { name: `Remove: ${name}` });

  test('refines the search before in words, and keeps it above', async () => {
    await parts.open(origin, 'an animal');
    await parts.search('without dogs');
    expect(await parts.turns.count()).toBe(2);
    await parts.chip('without dogs').waitFor();
    await parts.newest.getByText('Understood as: Without dogs.').waitFor();
    expect(parts.queries()).toEqual(['an animal', 'an animal -dogs']);
    await parts.search('only food drink');
    await parts.chip('category: food drink').waitFor();
    expect(new Set(await categories())).toEqual(new Set(['food-drink']));
    expect(parts.queries()[2]).toBe('an animal -dogs category:food-drink');
  });

  test('takes what it understood wrongly as it was typed, on demand', async () => {
    await parts.open(origin, 'a beach');
    await parts.search('without people');
    await parts.newest.getByRole('button', { name: 'Search for “without people” instead' }).click();
    await soon(() => parts.queries()).toEqual(['a beach', 'without people']);
    expect(await parts.chip('without people').count()).toBe(0);
  });

  test('takes a part out of the search where its chip is pressed', async () => {
    await parts.open(origin, 'an animal -dogs +snow category:animals-nature');
    for (const text of ['without dogs', 'with snow', 'category: animals nature']) {
      await parts.chip(text).waitFor();
    }
    await removal('without dogs').click();
    await soon(() => parts.queries()).toEqual(['an animal +snow category:animals-nature']);
    await removal('with snow').click();
    await removal('category: animals nature').click();
    await soon(() => parts.queries()).toEqual(['an animal']);
    expect(await parts.turns.count()).toBe(1);
    await page.goBack();
    await parts.chip('category: animals nature').waitFor();
  });

  test('finds more like a picture, by its button and in words', async () => {
    await parts.open(origin, 'a dog');
    const [first = '', second = ''] = await parts.ids();
    await parts.search('more like the second');
    expect(parts.queries()).toEqual(['a dog', `like:${second}`]);
    await soon(() => parts.ids()).not.toContain(second);
    await parts.turn('a dog').locator(`[data-id="${first}"] .card`).hover();
    await parts.turn('a dog').locator(`[data-id="${first}"]`).getByRole('button').click();
    await soon(() => parts.queries()).toEqual(['a dog', `like:${second}`, `like:${first}`]);
    await parts.cards.first().waitFor();
    expect(await parts.turns.count()).toBe(3);
  });

  test('says which pictures it could mean where that is not clear', async () => {
    await parts.open(origin, 'a dog');
    await parts.box.fill('more like the 99th');
    await page.getByText(/There are only \d+ pictures above/).waitFor();
    await parts.box.press('Enter');
    expect(await parts.turns.count()).toBe(1);
    expect(await parts.box.inputValue()).toBe('more like the 99th');
  });

  test('narrows results by what the index has in common', async () => {
    await parts.open(origin, 'something red');
    const filters = parts.newest.getByRole('group', { name: 'Filter these results' });
    const food = filters.getByRole('button', { name: /^food drink/ });
    expect(await food.textContent()).toContain('90');
    expect(await food.getAttribute('aria-pressed')).toBe('false');
    await food.click();
    await soon(() => food.getAttribute('aria-pressed')).toBe('true');
    await soon(async () => [...new Set(await categories())]).toEqual(['food-drink']);
    expect(parts.queries()).toEqual(['something red category:food-drink']);
    await food.click();
    await soon(() => parts.queries()).toEqual(['something red']);
  });

  test('brings a search back into the box, and puts what becomes of it in its place', async () => {
    await parts.open(origin, 'a dog', 'a pizza');
    await parts.turn('a dog').getByRole('button', { name: 'Edit the search: a dog' }).click();
    await page.locator('#query:focus').waitFor();
    expect(await parts.box.inputValue()).toBe('a dog');
    await parts.box.fill('a cat');
    await parts.box.press('Enter');
    await soon(() => parts.queries()).toEqual(['a cat', 'a pizza']);
    await parts.turn('a cat').getByRole('button', { name: 'Remove the search: a cat' }).click();
    await soon(() => parts.queries()).toEqual(['a pizza']);
    expect(await parts.turns.count()).toBe(1);
  });

  test('forgets the oldest search after twenty', async () => {
    const many = Array.from({ length: 22 }, (_, place) => `a dog ${place}`);
    await parts.open(origin, ...many);
    expect(await parts.turns.count()).toBe(20);
    await parts.box.fill('a pizza');
    await parts.box.press('Enter');
    await parts.turn('a pizza').waitFor();
    await soon(() => parts.box.inputValue()).toBe('');
    expect(await parts.turns.count()).toBe(20);
    expect(parts.queries()).toHaveLength(20);
    expect(parts.queries().at(-1)).toBe('a pizza');
  });

  test('asks nothing for older searches until somebody comes to them', async () => {
    const { served } = open();
    await page.setViewportSize({ width: 1280, height: 500 });
    await parts.open(origin, ...Array.from({ length: 12 }, (_, place) => `animal ${place}`));
    const searches = served.asked.filter(({ path }) => path.startsWith('/search'));
    expect(searches.length).toBeLessThan(12);
    await page.evaluate('scrollTo({ top: 0, behavior: "instant" })');
    await parts.turns.first().locator('.card').first().waitFor();
  });
});
