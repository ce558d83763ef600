import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { imageId } from '../core/image-id.ts';
import type { ImageId } from '../core/model.ts';
import type { LabelsOf, PictureLabels } from './evaluation-labels.ts';

/** A text, and the pictures that people would call right for it. */
export interface LabelledQuery {
  readonly kind: string;
  readonly query: string;
  readonly right: ReadonlySet<ImageId>;
}

const Phrases = z.array(z.object({ phrase: z.string(), relevant: z.array(z.string()) }));
const phrasesPath = join(import.meta.dirname, '../models/training/phrases.json');

/** Names and keywords, of each: enough for a curve of two numbers. */
const atMost = 400;

/**
 * Texts about the demo pictures: their names, the keywords that two pictures or more have, and the
 * phrases that were kept out of the model's training. A picture is right for a name or keyword
 * when each of its words is in the picture's name or keywords.
 */
export async function labelDemoQueries(
  keys: Iterable<string>,
  labelsOf: LabelsOf,
): Promise<LabelledQuery[]> {
  const pictures = Array.from(keys, (key) => ({ id: imageId(key), ...labelsOf(key) }));
  const words = pictures.map((picture) => ({ id: picture.id, words: wordsOf(picture) }));
  const toQuery = (kind: string) => (query: string) => {
    const asked = query.split(' ');
    const right = words.filter((picture) => asked.every((word) => picture.words.has(word)));
    return { kind, query, right: new Set(right.map(({ id }) => id)) };
  };
  const names = pictures.filter(({ name }) => !isOfOneKind(name)).map(({ name }) => spoken(name));
  const phrases = Phrases.parse(JSON.parse(await readFile(phrasesPath, 'utf8')));
  return [
    ...sampleOf(names).map(toQuery('name')),
    ...sampleOf(keywordsOf(pictures)).map(toQuery('keyword')),
    ...phrases.map(({ phrase, relevant }) => {
      const right = pictures.filter(({ name }) => relevant.includes(name));
      return { kind: 'phrase', query: phrase, right: new Set(right.map(({ id }) => id)) };
    }),
  ].filter(({ right }) => right.size > 0);
}

/** The same picture as of a man, a woman, or from the other side: the plain name is asked alone. */
function isOfOneKind(name: string): boolean {
  return /^(?:man|woman|men|women)-|-facing-right$/.test(name);
}

function keywordsOf(pictures: readonly PictureLabels[]): string[] {
  const counts = new Map<string, number>();
  for (const { tags } of pictures) {
    for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([tag]) => tag.toLowerCase());
}

function wordsOf({ name, tags }: PictureLabels): ReadonlySet<string> {
  return new Set([...name.split('-'), ...tags.flatMap((tag) => tag.toLowerCase().split(/[ -]/))]);
}

function spoken(name: string): string {
  return name.replaceAll('-', ' ');
}

/** Evenly from all, in the order of the alphabet. */
function sampleOf(texts: readonly string[]): string[] {
  const sorted = [...new Set(texts)].toSorted();
  const step = Math.max(sorted.length / atMost, 1);
  return sorted.filter((_, place) => Math.floor(place / step) !== Math.floor((place - 1) / step));
}
