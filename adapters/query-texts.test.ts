import { expect, it } from 'vitest';
import { readQueryTexts } from './query-texts.ts';

it('has about a thousand different texts that a search takes', async () => {
  const texts = await readQueryTexts();
  expect(texts.length).toBeGreaterThan(800);
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.filter((text) => text.length > 512 || text !== text.trim())).toEqual([]);
});

it('has names of things and longer phrases alike', async () => {
  const words = (await readQueryTexts()).map((text) => text.split(' ').length);
  expect(words.filter((count) => count <= 2).length).toBeGreaterThan(200);
  expect(words.filter((count) => count >= 5).length).toBeGreaterThan(200);
});
