import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { busy, expectVectorsOf } from '../test/support/busy-batching.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  createHeldEncoder,
  type HeldEncoder,
  textsNamed,
  tick,
} from '../test/support/held-encoder.ts';
import { withBatching } from './batched.ts';
import { failure } from './failure.ts';
import { err, ok } from './result.ts';

let held: HeldEncoder;
beforeEach(() => {
  held = createHeldEncoder();
});

describe('a caller that leaves', () => {
  it('is answered at once while it waits, and takes no place in the next run', async () => {
    const { encoder } = await busy(held);
    const abort = new AbortController();
    const leaving = encoder.encodeTexts(textsNamed(3, 'gone'), abort.signal);
    const staying = encoder.encodeTexts(['stays']);
    abort.abort();
    expect(expectFailure(await leaving).code).toBe('cancelled');
    expect(held.runs).toHaveLength(1);
    expect(await held.endAll()).toEqual([['first'], ['stays']]);
    await expectVectorsOf(['stays'], await staying);
  });

  it('hears that its time is over', async () => {
    const { encoder } = await busy(held);
    const late = encoder.encodeTexts(['late'], AbortSignal.timeout(5));
    expect(expectFailure(await late).code).toBe('timeout');
    expect(await held.endAll()).toEqual([['first']]);
  });

  it('makes room in the queue', async () => {
    const { encoder } = await busy(held, { maxWaiting: 1 });
    const abort = new AbortController();
    const leaving = encoder.encodeTexts(['gone'], abort.signal);
    expect(expectFailure(await encoder.encodeTexts(['refused'])).code).toBe('overloaded');
    abort.abort();
    expectFailure(await leaving);
    const staying = encoder.encodeTexts(['stays']);
    await held.endAll();
    expectOk(await staying);
  });

  it('leaves the others of its run alone', async () => {
    const encoder = withBatching(held);
    const abort = new AbortController();
    const leaving = encoder.encodeTexts(['gone'], abort.signal);
    const staying = encoder.encodeTexts(['stays']);
    await tick();
    expect(held.runAt(0).texts).toEqual(['gone', 'stays']);
    abort.abort();
    expect(expectFailure(await leaving).code).toBe('cancelled');
    expect(held.runAt(0).signal?.aborted).toBe(false);
    held.runAt(0).end();
    await expectVectorsOf(['stays'], await staying);
  });

  it('ends the run when it was the last, and what waits goes on', async () => {
    const encoder = withBatching(held);
    const aborts = [new AbortController(), new AbortController()];
    const leaving = aborts.map(({ signal }, n) => encoder.encodeTexts([`gone${n}`], signal));
    await tick();
    const staying = encoder.encodeTexts(['stays']);
    aborts[0]?.abort();
    expect(held.runAt(0).signal?.aborted).toBe(false);
    aborts[1]?.abort();
    expect(held.runAt(0).signal?.aborted).toBe(true);
    for (const answer of leaving) expect(expectFailure(await answer).code).toBe('cancelled');
    await tick();
    expect(held.runAt(1).texts).toEqual(['stays']);
    held.runAt(1).end();
    await expectVectorsOf(['stays'], await staying);
  });

  it('takes the rest of its bulk along', async () => {
    const encoder = withBatching(held, { maxTexts: 4 });
    const abort = new AbortController();
    const bulk = encoder.encodeTexts(textsNamed(12), abort.signal);
    await tick();
    held.runAt(0).end();
    await tick();
    abort.abort();
    expect(expectFailure(await bulk).code).toBe('cancelled');
    await held.endAll(2);
    expect(held.runs).toHaveLength(2);
  });

  it('is forgotten by its signal once it is answered', async () => {
    const { signal } = new AbortController();
    const answers = ['a', 'poison'].map((text) => withBatching(held).encodeTexts([text], signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    await held.endAll();
    await Promise.all(answers);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('asks for nothing when it leaves before its turn comes', async () => {
    const encoder = withBatching(held);
    const abort = new AbortController();
    const leaving = encoder.encodeTexts(['gone'], abort.signal);
    abort.abort();
    expect(expectFailure(await leaving).code).toBe('cancelled');
    await tick();
    expect(held.runs).toEqual([]);
  });
});

describe('a run that fails', () => {
  it('fails for the text to blame alone', async () => {
    const encoder = withBatching(held);
    const asked = [['a', 'b'], ['poison', 'c'], ['d']];
    const answers = asked.map((texts) => encoder.encodeTexts(texts));
    expect(await held.endAll()).toEqual([['a', 'b', 'poison', 'c', 'd'], ...asked]);
    await expectVectorsOf(['a', 'b'], await answers[0]);
    expect(expectFailure((await answers[1]) ?? ok([])).detail).toBe('poison');
    await expectVectorsOf(['d'], await answers[2]);
  });

  it('is not tried again for a caller that had it alone', async () => {
    const encoder = withBatching(held);
    const answer = encoder.encodeTexts(['poison', 'a']);
    await held.endAll();
    expect(expectFailure(await answer).detail).toBe('poison');
    expect(held.runs).toHaveLength(1);
  });

  it('is not tried again for a caller that has left', async () => {
    const encoder = withBatching(held);
    const abort = new AbortController();
    const answers = [
      encoder.encodeTexts(['gone'], abort.signal),
      encoder.encodeTexts(['poison']),
      encoder.encodeTexts(['a']),
    ];
    await tick();
    abort.abort();
    expect(await held.endAll()).toEqual([['gone', 'poison', 'a'], ['poison'], ['a']]);
    await expectVectorsOf(['a'], await answers[2]);
  });

  it('is tried again only as long as the caller waits', async () => {
    const encoder = withBatching(held);
    const abort = new AbortController();
    const poisoned = encoder.encodeTexts(['poison']);
    const leaving = encoder.encodeTexts(['gone'], abort.signal);
    await tick();
    held.runAt(0).end();
    await tick();
    expect(held.runAt(2).texts).toEqual(['gone']);
    abort.abort();
    expect(expectFailure(await leaving).code).toBe('cancelled');
    expect(held.runAt(2).signal?.aborted).toBe(true);
    held.runAt(1).end();
    expect(expectFailure(await poisoned).detail).toBe('poison');
  });

  it('fails for all when all fail alone, and the next works', async () => {
    const encoder = withBatching(held);
    const answers = textsNamed(3).map((text) => encoder.encodeTexts([text]));
    const down = err(failure('encoder_unavailable', 'down'));
    for (let n = 0; n < 4; n += 1) {
      await tick();
      held.runAt(n).endWith(down);
    }
    for (const answer of answers) expect(expectFailure(await answer).detail).toBe('down');
    expect(held.runs).toHaveLength(4);
    const after = encoder.encodeTexts(['after']);
    await held.endAll(4);
    await expectVectorsOf(['after'], await after);
  });

  it.each(['overloaded', 'timeout', 'cancelled'] as const)(
    'is not tried again when no text is to blame: %s',
    async (code) => {
      const encoder = withBatching(held);
      const answers = textsNamed(3).map((text) => encoder.encodeTexts([text]));
      await tick();
      held.runAt(0).endWith(err(failure(code, 'not now')));
      for (const answer of answers) expect(expectFailure(await answer).code).toBe(code);
      await tick();
      expect(held.runs).toHaveLength(1);
    },
  );

  it('throws a bug of the encoder at its callers, and the next works', async () => {
    const encoder = withBatching(held);
    const thrown = textsNamed(2).map((text) => encoder.encodeTexts([text]));
    await tick();
    held.runAt(0).breakWith(new Error('a bug'));
    for (const answer of thrown) await expect(answer).rejects.toThrow('a bug');
    const short = encoder.encodeTexts(['a', 'b']);
    await tick();
    held.runAt(1).endWith(ok([]));
    await expect(short).rejects.toThrow(/left out/);
    const after = encoder.encodeTexts(['after']);
    await held.endAll(2);
    await expectVectorsOf(['after'], await after);
  });
});

describe('closing', () => {
  it('waits for the run under way and refuses what waits', async () => {
    const { encoder, first } = await busy(held, { maxTexts: 4 });
    const waiting = encoder.encodeTexts(['waits']);
    const closing = encoder.close();
    expect(expectFailure(await waiting).code).toBe('encoder_unavailable');
    expect(expectFailure(await encoder.encodeTexts(['late'])).code).toBe('encoder_unavailable');
    await tick();
    expect(held.isClosed()).toBe(false);
    held.runAt(0).end();
    await expectVectorsOf(['first'], await first);
    await Promise.all([closing, encoder.close()]);
    expect(held.isClosed()).toBe(true);
    expect(held.runs).toHaveLength(1);
  });

  it('ends a bulk that has a piece in the run', async () => {
    const encoder = withBatching(held, { maxTexts: 4 });
    const bulk = encoder.encodeTexts(textsNamed(6));
    await tick();
    const closing = encoder.close();
    expect(expectFailure(await bulk).code).toBe('encoder_unavailable');
    // Nobody waits for it any more.
    expect(held.runAt(0).signal?.aborted).toBe(true);
    await closing;
    expect(held.runs).toHaveLength(1);
  });
});
