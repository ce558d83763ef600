import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createHeldEncoder, textsNamed, tick } from '../test/support/held-encoder.ts';
import { type BatchingOptions, withBatching } from './batched.ts';

describe('what batching tells', () => {
  it('is how many texts each run has', async () => {
    const { held, encoder, runs } = createCounted();
    const first = encoder.encodeTexts(['first']);
    await tick();
    const others = textsNamed(5).map((text) => encoder.encodeTexts([text]));
    const bulk = encoder.encodeTexts(textsNamed(40, 'bulk'));
    expect(await held.endAll()).toHaveLength(runs.length);
    expect(runs).toEqual([1, 32, 13]);
    for (const answer of [first, ...others, bulk]) expectOk(await answer);
  });

  it('counts a text again that is tried again alone', async () => {
    const { held, encoder, runs } = createCounted();
    void encoder.encodeTexts(['first']);
    await tick();
    const good = encoder.encodeTexts(['good']);
    const bad = encoder.encodeTexts(['poison']);
    await held.endAll();
    expect(runs).toEqual([1, 2, 1, 1]);
    expectOk(await good);
    expectFailure(await bad);
  });

  it('is how many texts wait, at the moment of asking', async () => {
    const { held, encoder, depth } = createCounted({ maxTexts: 4 });
    expect(depth()).toBe(0);
    const leaving = new AbortController();
    const answers = [encoder.encodeTexts(['first'])];
    await tick();
    // What runs does not wait.
    expect(depth()).toBe(0);
    answers.push(encoder.encodeTexts(['second']), encoder.encodeTexts(['third'], leaving.signal));
    expect(depth()).toBe(2);
    // A bulk counts for one run, as for the bound.
    answers.push(encoder.encodeTexts(textsNamed(10)));
    expect(depth()).toBe(6);
    leaving.abort();
    expect(depth()).toBe(5);
    await held.endAll();
    expect(depth()).toBe(0);
    await Promise.all(answers);
  });
});

function createCounted(options: BatchingOptions = {}) {
  const held = createHeldEncoder();
  const runs: number[] = [];
  let depth = (): number => -1;
  const encoder = withBatching(held, {
    ...options,
    onRun: (texts) => runs.push(texts),
    trackQueue: (ask) => {
      depth = ask;
    },
  });
  return { held, encoder, runs, depth: () => depth() };
}
