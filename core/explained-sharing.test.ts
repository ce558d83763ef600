import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import {
  createExplained,
  createFakeExplainer,
  createHeldExplainer,
  createHit,
  createTestGuard,
  type ProgressEvent,
} from '../test/support/explained.ts';
import { failure } from './failure.ts';
import type { Explainer } from './llm.ts';
import type { Cache } from './ports.ts';
import { err, ok } from './result.ts';

const usage = { inputTokens: 1, outputTokens: 1 };
const turn = () => new Promise((resolve) => void setImmediate(resolve));

describe('the same question', () => {
  it('is asked once while its answer is kept, and then costs nothing', async () => {
    const { explainer, asked } = createFakeExplainer();
    const { guard, outcomes } = createTestGuard();
    const cache = createMemoryCache({ now: () => performance.now() });
    const events: ProgressEvent[] = [];
    await createExplained({ explainer, guard, cache }).ask();
    // Another process.
    const { ask } = createExplained({ explainer, guard, cache });
    await ask({}, { events });
    const { explanation, llm } = expectOk(await ask({ query: 'a dog' }, { events }));
    expect(asked).toHaveLength(1);
    expect(explanation).toBe('They fit.');
    expect(llm?.explanation).toEqual({
      outcome: 'ok',
      cached: true,
      input_tokens: 0,
      output_tokens: 0,
      cost_usd: 0,
    });
    expect(events).toEqual(['results', 'They fit.', 'results', 'They fit.']);
    expect(outcomes.map(({ cached }) => cached)).toEqual([false, true, true]);
  });

  it('is another one for other words, other results, or other metadata', async () => {
    const { explainer, asked } = createFakeExplainer();
    const cache = createMemoryCache({ now: () => performance.now() });
    const first = createExplained({ explainer, cache });
    await first.ask();
    await first.ask({ query: 'a cat' });
    await createExplained({ explainer, cache }, { results: [createHit('7')] }).ask();
    await createExplained({ explainer, cache }, { results: [createHit('7', { a: 'b' })] }).ask();
    expect(asked).toHaveLength(4);
  });

  it('is asked again when its time is over', async () => {
    let timeMs = 0;
    const now = () => timeMs;
    const { explainer, asked } = createFakeExplainer();
    const { ask } = createExplained({
      explainer,
      now,
      ttlSeconds: 10,
      cache: createMemoryCache({ now }),
    });
    await ask();
    timeMs = 9000;
    await ask();
    expect(asked).toHaveLength(1);
    timeMs = 10_000;
    await ask();
    expect(asked).toHaveLength(2);
  });

  it('is asked again where it failed', async () => {
    const failing: Explainer = {
      ...createFakeExplainer().explainer,
      explain: async () => err(failure('llm_unusable', 'rubbish')),
    };
    const cache = createMemoryCache({ now: () => performance.now() });
    const first = expectOk(await createExplained({ explainer: failing, cache }).ask());
    expect(first.llm?.explanation?.outcome).toBe('unusable');
    expect(expectOk(await createExplained({ cache }).ask()).explanation).toBe('They fit.');
  });

  it('is answered without a cache that works', async () => {
    const broken: Cache = {
      ...createMemoryCache({ now: () => 0 }),
      get: async () => undefined,
      set: async () => false,
    };
    const { explainer, asked } = createFakeExplainer();
    const { ask } = createExplained({ explainer, cache: broken });
    await ask();
    expect(expectOk(await ask()).explanation).toBe('They fit.');
    expect(asked).toHaveLength(1);
  });
});

describe('those who ask the same at the same time', () => {
  it('are one call: one is told the pieces, the others the whole at the end', async () => {
    const { explainer, calls } = createHeldExplainer();
    const { guard, outcomes } = createTestGuard();
    const { ask } = createExplained({ explainer, guard });
    const [first, second, third]: ProgressEvent[][] = [[], [], []];
    const asking = [first, second, third].map((events) => ask({}, { ...(events && { events }) }));
    await turn();
    expect(calls).toHaveLength(1);
    calls[0]?.say('They ');
    calls[0]?.say('fit.');
    calls[0]?.end(ok({ text: 'They fit.', usage }));
    const responses = (await Promise.all(asking)).map(expectOk);
    expect(responses.map(({ explanation }) => explanation)).toEqual(
      Array.from({ length: 3 }, () => 'They fit.'),
    );
    expect(first).toEqual(['results', 'They ', 'fit.']);
    expect([second, third]).toEqual([
      ['results', 'They fit.'],
      ['results', 'They fit.'],
    ]);
    expect(outcomes.map(({ cached }) => cached)).toEqual([false, true, true]);
  });

  it('keep the call going when one of them leaves, and end it when all have', async () => {
    const { explainer, calls } = createHeldExplainer();
    const { ask } = createExplained({ explainer });
    const [first, second] = [new AbortController(), new AbortController()];
    const asking = [ask({}, { signal: first.signal }), ask({}, { signal: second.signal })];
    await turn();
    first.abort();
    const left = expectOk((await asking[0]) ?? err(failure('cancelled', '')));
    expect([left.results.length, left.explanation]).toEqual([6, null]);
    expect(calls[0]?.signal.aborted).toBe(false);
    second.abort();
    await asking[1];
    expect(calls[0]?.signal.aborted).toBe(true);
  });
});
