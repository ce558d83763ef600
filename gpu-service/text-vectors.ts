import { readQueryTexts } from '../adapters/query-texts.ts';
import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { Encoder } from '../core/ports.ts';
import { ok } from '../core/result.ts';

const textsAtOnce = 64;

/** What a model makes of texts such as people search for: some thousand, of length 1. */
export async function encodeQueryTexts(encoder: Pick<Encoder, 'encodeTexts'>): Async<Vector[]> {
  const texts = await readQueryTexts();
  const vectors: Vector[] = [];
  for (let start = 0; start < texts.length; start += textsAtOnce) {
    const encoded = await encoder.encodeTexts(texts.slice(start, start + textsAtOnce));
    if (!encoded.ok) return encoded;
    vectors.push(...encoded.value.map(({ vector }) => vector));
  }
  return ok(vectors);
}
