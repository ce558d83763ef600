import { readFile } from 'node:fs/promises';

const file = new URL('../models/spaces/query-texts.txt', import.meta.url);

/**
 * About a thousand short texts such as people type into a picture search: names of things, phrases,
 * captions. Encoded with any model, they show where its texts lie.
 */
export async function readQueryTexts(): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}
