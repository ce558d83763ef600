import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { describeEncoder } from '../test/contracts/encoder.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import {
  createHeldEncoder,
  type HeldEncoder,
  textsNamed,
  tick,
} from '../test/support/held-encoder.ts';
import { withBatching } from './batched.ts';
import type { Encoder } from './ports.ts';
import { withTextCache } from './text-cache.ts';

const demo = path.resolve(import.meta.dirname, '../models/demo');

describeEncoder('A fake encoder with a cache', async () => withTextCache(createFakeEncoder()));

describeEncoder('The demo model that batches, with a cache', async () =>
  withTextCache(withBatching(expectOk(await createOnnxEncoder({ directory: demo })))),
);

let held: HeldEncoder;
beforeEach(() => {
  held = createHeldEncoder();
});

/** Asks, and lets every run end that comes of it. */
async function ask(encoder: Encoder, ...texts: readonly string[]) {
  const from = held.runs.length;
  const answer = encoder.encodeTexts(texts);
  await held.endAll(from);
  return answer;
}

function encodedTexts(): string[] {
  return held.runs.flatMap(({ texts }) => texts);
}

describe('withTextCache', () => {
  it('encodes a text once, in its canonical form, however it is written', async () => {
    const encoder = withTextCache(held);
    const [first] = expectOk(await ask(encoder, ' A  Red\tCAR '));
    const [second] = expectOk(await ask(encoder, 'a red car'));
    expect(encodedTexts()).toEqual(['a red car']);
    expect(second).toEqual(first);
    expect([first]).toEqual(expectOk(await createFakeEncoder().encodeTexts(['a red car'])));
  });

  it('answers in order, each text from where it is', async () => {
    const encoder = withTextCache(held);
    await ask(encoder, 'b');
    const long = 'dog '.repeat(held.model.contextLength + 1);
    const texts = ['a', 'b', long, 'a', 'B', 'c'];
    const answer = expectOk(await ask(encoder, ...texts));
    const expected = expectOk(await createFakeEncoder().encodeTexts(texts));
    expect(answer).toEqual(expected);
    expect(expectOk(await ask(encoder, ...texts))).toEqual(expected);
    expect(encodedTexts()).toEqual(['b', 'a', long.trim(), 'c']);
  });

  it('encodes what many ask for at once only once', async () => {
    const encoder = withTextCache(held);
    const answers = ['Dog', 'dog ', 'dog'].map((text) => encoder.encodeTexts([text]));
    const among = encoder.encodeTexts(['cat', 'DOG']);
    await held.endAll();
    expect(encodedTexts()).toEqual(['dog', 'cat']);
    const [dog] = expectOk(await createFakeEncoder().encodeTexts(['dog']));
    for (const answer of answers) expect(expectOk(await answer)).toEqual([dog]);
    expect(expectOk(await among)[1]).toEqual(dog);
  });

  it('encodes on for the others when the one who asked first leaves', async () => {
    const encoder = withTextCache(held);
    const abort = new AbortController();
    const leaving = encoder.encodeTexts(['dog'], abort.signal);
    const staying = encoder.encodeTexts(['dog']);
    await tick();
    abort.abort();
    expect(expectFailure(await leaving).code).toBe('cancelled');
    expect(held.runAt(0).signal?.aborted).toBe(false);
    await held.endAll();
    expectOk(await staying);
    expect(held.runs).toHaveLength(1);
  });

  it('stops the encode that nobody waits for, and starts a new one for the next', async () => {
    const encoder = withTextCache(held);
    const late = encoder.encodeTexts(['dog'], AbortSignal.timeout(5));
    expect(expectFailure(await late).code).toBe('timeout');
    expect(held.runAt(0).signal?.aborted).toBe(true);
    expectOk(await ask(encoder, 'dog'));
    expect(held.runs).toHaveLength(2);
  });

  it('keeps no failure, and throws a bug of the encoder', async () => {
    const encoder = withTextCache(held);
    const failing = encoder.encodeTexts(['poison']);
    await held.endAll();
    expect(expectFailure(await failing).detail).toBe('poison');
    const again = encoder.encodeTexts(['poison']);
    await tick();
    held.runAt(1).breakWith(new Error('a bug'));
    await expect(again).rejects.toThrow('a bug');
    const last = encoder.encodeTexts(['poison']);
    await tick();
    held.runAt(2).endWith(await createFakeEncoder().encodeTexts(['poison']));
    expectOk(await last);
    expectOk(await encoder.encodeTexts(['poison']));
    expect(held.runs).toHaveLength(3);
  });

  it('lets a text fail beside one that is kept, and keeps what succeeded', async () => {
    const encoder = withTextCache(held);
    expect(expectFailure(await ask(encoder, 'dog', 'poison', 'cat')).detail).toBe('poison');
    expectOk(await encoder.encodeTexts(['cat', 'dog']));
    expect(held.runs).toHaveLength(3);
  });

  it('is not poisoned by what a caller does to its vectors', async () => {
    const encoder = withTextCache(held);
    const asking = [encoder.encodeTexts(['dog']), encoder.encodeTexts(['dog', 'dog'])];
    await held.endAll();
    const [alone, twice] = (await Promise.all(asking)).map((answer) => expectOk(answer));
    alone?.[0]?.vector.fill(7);
    twice?.[0]?.vector.fill(8);
    expectOk(await encoder.encodeTexts(['dog']))[0]?.vector.fill(9);
    const [dog] = expectOk(await createFakeEncoder().encodeTexts(['dog']));
    expect(twice?.[1]).toEqual(dog);
    expect(expectOk(await encoder.encodeTexts(['dog']))).toEqual([dog]);
    expect(held.runs).toHaveLength(1);
  });

  it('keeps no more than its capacity: what was asked for last', async () => {
    const encoder = withTextCache(held, { capacity: 2 });
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) expectOk(await ask(encoder, text));
    expect(encodedTexts()).toEqual(['a', 'b', 'c', 'b']);
  });

  it('counts every text that costs no encode as a hit', async () => {
    const lookups: boolean[] = [];
    const encoder = withTextCache(held, { onLookup: (hit) => lookups.push(hit) });
    const asking = [encoder.encodeTexts(['a']), encoder.encodeTexts(['A', 'b', 'b'])];
    await held.endAll();
    await Promise.all(asking);
    expect(lookups).toEqual([false, true, false, true]);
    expectOk(await ask(encoder, 'b', 'c'));
    expect(lookups.slice(4)).toEqual([true, false]);
    expect(encodedTexts()).toEqual(['a', 'b', 'c']);
  });

  it('encodes a bulk in one call, and knows its texts afterwards', async () => {
    const encoder = withTextCache(held);
    const texts = textsNamed(40);
    await ask(encoder, 'text7');
    const abort = new AbortController();
    const bulk = encoder.encodeTexts(texts, abort.signal);
    const one = encoder.encodeTexts(['text3']);
    await tick();
    // Nobody waits for all of a bulk to get one of its texts.
    expect(held.runs.slice(1).map((run) => run.texts.length)).toEqual([39, 1]);
    await held.endAll(1);
    expectOk(await one);
    const expected = expectOk(await createFakeEncoder().encodeTexts(texts));
    expect(expectOk(await bulk)).toEqual(expected);
    expect(expectOk(await encoder.encodeTexts(texts))).toEqual(expected);
    expect(held.runs).toHaveLength(3);
    abort.abort();
    expect(held.runAt(1).signal).toBe(abort.signal);
  });

  it('keeps nothing that belongs to the encoder', async () => {
    const encoder = withTextCache(held);
    const answer = encoder.encodeTexts(['dog']);
    await tick();
    const owned = expectOk(await createFakeEncoder().encodeTexts(['dog']));
    held.runAt(0).endWith({ ok: true, value: owned });
    const given = expectOk(await answer);
    owned[0]?.vector.fill(7);
    expect(expectOk(await encoder.encodeTexts(['dog']))).toEqual(given);
  });

  it('gives nothing that ended while it was closing', async () => {
    const encoder = withTextCache(held);
    const answer = encoder.encodeTexts(['dog']);
    await tick();
    await encoder.close();
    await held.endAll();
    expectOk(await answer);
    // The encoder is the one to say that it is closed.
    await ask(encoder, 'dog');
    expect(held.runs).toHaveLength(2);
  });

  it('answers nothing from what it kept once it is closed', async () => {
    const encoder = withTextCache(createFakeEncoder());
    expectOk(await encoder.encodeTexts(['dog']));
    await encoder.close();
    expect(expectFailure(await encoder.encodeTexts(['dog'])).code).toBe('encoder_unavailable');
  });
});
