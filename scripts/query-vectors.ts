import { readFile } from 'node:fs/promises';
import { readQueryTexts } from '../adapters/query-texts.ts';
import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { Encoder } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { wrongArgument } from './command.ts';
import { chooseRows, readUnitVectors } from './evaluation-rows.ts';

/** The vectors of at most `count` texts: of a file of lines, of a file of vectors, or of our own texts. */
export async function readQueryVectors(
  encoder: Pick<Encoder, 'encodeTexts' | 'model'>,
  file: string | undefined,
  count: number,
): Async<Vector[]> {
  if (file?.endsWith('.npy')) {
    const vectors = await readUnitVectors(file);
    if (!vectors.ok) return vectors;
    const { dimensions, id } = encoder.model;
    const length = vectors.value[0]?.length ?? 0;
    if (length !== dimensions) {
      return wrongArgument(`${file} must have vectors of ${id}, ${dimensions} long: ${length}`);
    }
    return ok(some(vectors.value, count));
  }
  const texts = file === undefined ? ok(await readQueryTexts()) : await readLines(file);
  if (!texts.ok) return texts;
  const vectors: Vector[] = [];
  const chosen = some(texts.value, count);
  for (let start = 0; start < chosen.length; start += textsAtOnce) {
    const encoded = await encoder.encodeTexts(chosen.slice(start, start + textsAtOnce));
    if (!encoded.ok) return encoded;
    vectors.push(...encoded.value.map(({ vector }) => vector));
  }
  return ok(vectors);
}

const textsAtOnce = 32;

/** By chance, as a list may be in the order of its subjects; always the same ones. */
function some<T>(items: readonly T[], count: number): T[] {
  return chooseRows(count, items.length, 1).flatMap((place) => items[place] ?? []);
}

async function readLines(file: string): Async<readonly string[]> {
  const content = await readFile(file, 'utf8').catch(() => undefined);
  if (content === undefined) return wrongArgument(`--queries cannot be read: ${file}`);
  const lines = content.split('\n').map((line) => line.trim());
  const texts = [...new Set(lines.filter((line) => line !== ''))];
  return texts.length >= 20
    ? ok(texts)
    : wrongArgument(`--queries must have 20 texts or more: ${texts.length}`);
}
