import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { describeEncoder } from '../test/contracts/encoder.ts';
import { busy, expectVectorsOf } from '../test/support/busy-batching.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import {
  createHeldEncoder,
  type HeldEncoder,
  textsNamed,
  tick,
} from '../test/support/held-encoder.ts';
import { similarity } from '../test/support/similarity.ts';
import { withBatching } from './batched.ts';
import { ok } from './result.ts';

const demo = path.resolve(import.meta.dirname, '../models/demo');

describeEncoder('A fake encoder that batches', async () => withBatching(createFakeEncoder()));

describeEncoder('The demo model that batches', async () =>
  withBatching(expectOk(await createOnnxEncoder({ directory: demo }))),
);

let held: HeldEncoder;
beforeEach(() => {
  held = createHeldEncoder();
});

describe('withBatching', () => {
  it('asks an idle encoder before anything else can happen', async () => {
    const encoder = withBatching(held);
    const answer = encoder.encodeTexts(['dog']);
    await Promise.resolve();
    await Promise.resolve();
    expect(held.runs.map(({ texts }) => texts)).toEqual([['dog']]);
    held.runAt(0).end();
    await expectVectorsOf(['dog'], await answer);
    await tick();
    const again = encoder.encodeTexts(['cat']);
    await Promise.resolve();
    await Promise.resolve();
    expect(held.runs.at(-1)?.texts).toEqual(['cat']);
    held.runAt(1).end();
    await expectVectorsOf(['cat'], await again);
  });

  it('gathers what comes during a run, and sends it when the run ends', async () => {
    const { encoder, first } = await busy(held);
    const answers = textsNamed(5).map((text) => encoder.encodeTexts([text]));
    await tick();
    expect(held.runs).toHaveLength(1);
    held.runAt(0).end();
    await expectVectorsOf(['first'], await first);
    await tick();
    expect(held.runAt(1).texts).toEqual(textsNamed(5));
    held.runAt(1).end();
    for (const [n, answer] of answers.entries()) await expectVectorsOf([`text${n}`], await answer);
  });

  it('shares runs of at most 32 among 64 at once, first come first served', async () => {
    const encoder = withBatching(held);
    const texts = textsNamed(64);
    const answers = texts.map((text) => encoder.encodeTexts([text]));
    expect(await held.endAll()).toEqual([texts.slice(0, 32), texts.slice(32)]);
    for (const [n, answer] of answers.entries()) await expectVectorsOf([`text${n}`], await answer);
  });

  it('gives each caller its own texts back, in order, with what was said of them', async () => {
    const { encoder } = await busy(held);
    const long = 'dog '.repeat(held.model.contextLength + 1);
    const asked = [['a', long], ['b'], [], [long, 'c', 'a', 'c'], ['d']];
    const answers = asked.map((texts) => encoder.encodeTexts(texts));
    await held.endAll();
    for (const [n, answer] of answers.entries())
      await expectVectorsOf(asked[n] ?? [], await answer);
    expect(expectOk((await answers[3]) ?? ok([])).map(({ truncated }) => truncated)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('refuses at once what finds the queue full, and works on afterwards', async () => {
    const { encoder } = await busy(held);
    const waiting = textsNamed(256).map((text) => encoder.encodeTexts([text]));
    const refused = expectFailure(await encoder.encodeTexts(['one more']));
    expect(refused).toMatchObject({ code: 'overloaded', retryAfterSeconds: 1 });
    expect(held.runs).toHaveLength(1);
    await held.endAll();
    for (const answer of waiting) expectOk(await answer);
    const after = encoder.encodeTexts(['one more']);
    await held.endAll(held.runs.length);
    expectOk(await after);
  });

  it('counts a bulk in the queue for no more than one run', async () => {
    const { encoder } = await busy(held, { maxTexts: 4, maxWaiting: 8 });
    const bulk = encoder.encodeTexts(textsNamed(100));
    const four = encoder.encodeTexts(textsNamed(4, 'four'));
    expect(expectFailure(await encoder.encodeTexts(['ninth'])).code).toBe('overloaded');
    await held.endAll();
    await expectVectorsOf(textsNamed(100), await bulk);
    await expectVectorsOf(textsNamed(4, 'four'), await four);
  });

  it('takes a call that is alone however long it is', async () => {
    const encoder = withBatching(held, { maxTexts: 4, maxWaiting: 2 });
    const bulk = encoder.encodeTexts(textsNamed(10));
    expect((await held.endAll()).map(({ length }) => length)).toEqual([4, 4, 2]);
    await expectVectorsOf(textsNamed(10), await bulk);
  });

  it('lets single texts pass between the pieces of a bulk', async () => {
    const { encoder } = await busy(held, { maxTexts: 8 });
    const bulks = ['x', 'y'].map((name) => encoder.encodeTexts(textsNamed(20, name)));
    const single = encoder.encodeTexts(['single']);
    held.runAt(0).end();
    await tick();
    expect(held.runAt(1).texts).toHaveLength(8);
    expect(held.runAt(1).texts).toContain('single');
    held.runAt(1).end();
    await expectVectorsOf(['single'], await single);
    const late = encoder.encodeTexts(['late']);
    const later = await held.endAll(2);
    // Whoever comes while a run is under way is in the next but one at the latest.
    expect([...(later[0] ?? []), ...(later[1] ?? [])]).toContain('late');
    expect(later.slice(0, -1).every(({ length }) => length === 8)).toBe(true);
    await expectVectorsOf(['late'], await late);
    await expectVectorsOf(textsNamed(20, 'x'), await bulks[0]);
    await expectVectorsOf(textsNamed(20, 'y'), await bulks[1]);
  });

  it('lets a bulk get on among single texts that never stop', async () => {
    const encoder = withBatching(held, { maxTexts: 8 });
    const done = new AbortController();
    const caller = async (): Promise<void> => {
      while (!done.signal.aborted) expectOk(await encoder.encodeTexts(['single']));
    };
    const callers = Array.from({ length: 16 }, caller);
    await tick();
    const bulk = encoder.encodeTexts(textsNamed(40)).then((answer) => {
      done.abort();
      return answer;
    });
    await held.endAll();
    await expectVectorsOf(textsNamed(40), await bulk);
    await Promise.all(callers);
    expect(held.runs.length).toBeLessThan(80);
  });
});

it('gives 64 callers at once their own vectors of a real model', async () => {
  const direct = expectOk(await createOnnxEncoder({ directory: demo, threads: 1 }));
  const encoder = withBatching(direct);
  const texts = textsNamed(64, 'a dog number ');
  const answers = await Promise.all(texts.map((text) => encoder.encodeTexts([text])));
  const alone = expectOk(await direct.encodeTexts(texts));
  for (const [n, answer] of answers.entries()) {
    const [own] = expectOk(answer);
    const scores = alone.map(({ vector }) => similarity(vector, own?.vector));
    expect(scores.indexOf(Math.max(...scores))).toBe(n);
    expect(Math.max(...scores)).toBeCloseTo(1, 4);
  }
  await encoder.close();
});
