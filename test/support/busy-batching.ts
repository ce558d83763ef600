import { expect } from 'vitest';
import { type BatchingOptions, withBatching } from '../../core/batched.ts';
import type { Async } from '../../core/failure.ts';
import type { EncodedText } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { expectOk } from './expect-ok.ts';
import { createFakeEncoder } from './fake-encoder.ts';
import { type HeldEncoder, tick } from './held-encoder.ts';

/** A batching encoder with a run under way, for `first`, and the answer to it. */
export async function busy(held: HeldEncoder, options: BatchingOptions = {}) {
  const encoder = withBatching(held, options);
  const first = encoder.encodeTexts(['first']);
  await tick();
  expect(held.runs.map(({ texts }) => texts)).toEqual([['first']]);
  return { encoder, first };
}

export async function expectVectorsOf(
  texts: readonly string[],
  answer: Awaited<Async<EncodedText[]>> | undefined,
): Promise<void> {
  const expected = expectOk(await createFakeEncoder().encodeTexts(texts));
  expect(expectOk(answer ?? ok([]))).toEqual(expected);
}
