import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createPoint, unit } from '../test/support/points.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createLog, createResponse } from '../test/support/search-app.ts';
import { withCache } from './cached.ts';
import { createGeneration, withGeneration } from './generation.ts';
import { SearchQuery } from './model.ts';
import type { Cache } from './ports.ts';
import { ok } from './result.ts';
import type { Search } from './search.ts';

let clockMs: number;
let cache: Cache;
beforeEach(() => {
  clockMs = 0;
  cache = createMemoryCache({ now: () => clockMs });
});

describe('a generation that ends soon', () => {
  it('ends at once after a quiet second', async () => {
    const [one, other] = [createGeneration(cache, 'images'), createGeneration(cache, 'images')];
    const first = await one.ensure();
    expect(await one.endSoon()).toBe(true);
    const second = await other.ensure();
    expect(second).not.toBe(first);
    clockMs = 1001;
    expect(await other.endSoon()).toBe(true);
    expect(await one.ensure()).not.toBe(second);
  });

  it('lives for one more second where another has just ended, whoever ended that', async () => {
    const [one, other] = [createGeneration(cache, 'images'), createGeneration(cache, 'images')];
    expect(await one.endSoon()).toBe(true);
    const generation = await one.ensure();
    clockMs = 500;
    expect(await other.endSoon()).toBe(true);
    clockMs = 900;
    // A later change does not put it off.
    expect(await one.endSoon()).toBe(true);
    clockMs = 1499;
    expect(await other.ensure()).toBe(generation);
    clockMs = 1501;
    expect(await other.ensure()).not.toBe(generation);
  });

  it('leaves those of other indexes alone', async () => {
    const generation = await createGeneration(cache, 'others').ensure();
    const images = createGeneration(cache, 'images');
    for (let change = 0; change < 3; change += 1) await images.endSoon();
    clockMs = 5000;
    expect(await createGeneration(cache, 'others').ensure()).toBe(generation);
  });

  it('ends at once where it cannot be made to end later, and says when neither is certain', async () => {
    const stubborn: Cache = { ...cache, shorten: async () => false };
    const images = createGeneration(stubborn, 'images');
    await images.endSoon();
    const generation = await images.ensure();
    expect(await images.endSoon()).toBe(true);
    expect(await images.ensure()).not.toBe(generation);
    const gone = { ...stubborn, set: async () => false, remove: async () => false };
    expect(await createGeneration(gone, 'images').endSoon()).toBe(false);
  });

  it('moves about once a second under 200 changes a second of four processes', async () => {
    const processes = Array.from({ length: 4 }, () => createGeneration(cache, 'images'));
    const seen = new Set<string | undefined>();
    for (let change = 0; change < 2000; change += 1) {
      clockMs = change * 5;
      await processes[change % 4]?.endSoon();
      seen.add(await processes[(change + 1) % 4]?.ensure());
    }
    expect(seen.size).toBeGreaterThanOrEqual(9);
    expect(seen.size).toBeLessThanOrEqual(11);
  });
});

/** What may happen: a change, time that goes by, a search that answers at once or by and by. */
const events = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('change' as const), by: fc.nat({ max: 2 }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1200 }) }),
    fc.record({
      kind: fc.constant('search' as const),
      by: fc.nat({ max: 2 }),
      lastsMs: fc.constantFrom(0, 0, 300, 2500),
    }),
  ),
  { minLength: 5, maxLength: 60 },
);

describe('changes of an index that end its generation soon', () => {
  it('are hidden by no answer from the cache for longer than a second', async () => {
    const counts = { late: 0, hits: 0 };
    await fc.assert(
      fc.asyncProperty(events, async (happening) => {
        clockMs = 0;
        cache = createMemoryCache({ now: () => clockMs });
        await play(happening, counts);
      }),
      { numRuns: 300 },
    );
    // That there was something to see.
    expect(counts.hits).toBeGreaterThan(100);
    expect(counts.late).toBeGreaterThan(100);
  });

  type Event = ReturnType<typeof eventOf>;
  const eventOf = () => fc.sample(events, 1)[0]?.[0];

  async function play(happening: readonly Event[], counts: { late: number; hits: number }) {
    /** When each state of the index came to be; its place is the `total` of answers. */
    const states = [-Infinity];
    const slow: { endsAtMs: number; answer: () => void }[] = [];
    let lastsMs = 0;
    const processes = [0, 1, 2].map(() => ({
      generation: createGeneration(cache, 'images'),
      search: withCache(
        async ({ query }) => {
          const total = states.length - 1;
          const { promise, resolve } = Promise.withResolvers<void>();
          if (lastsMs === 0) resolve();
          else slow.push({ endsAtMs: clockMs + lastsMs, answer: resolve });
          await promise;
          return ok(createResponse({ query, total }));
        },
        {
          cache,
          index: 'images',
          modelId: 'fake',
          ttlSeconds: 3600,
          now: () => clockMs,
          logger: createLog(),
        },
      ),
    }));
    const answers: Promise<void>[] = [];
    const look = async (search: Search | undefined) => {
      const context = requestContext();
      const answer = await search?.(SearchQuery.parse({ query: 'a dog' }), context);
      if (answer === undefined || context.notes.cache !== 'hit') return;
      // The state that came after the one that was answered from must be young.
      const nextAtMs = states[expectOk(answer).total + 1] ?? Infinity;
      counts.hits += 1;
      if (nextAtMs !== Infinity) counts.late += 1;
      expect(clockMs - nextAtMs).toBeLessThanOrEqual(1000);
    };
    const settle = async () => {
      for (let turn = 0; turn < 4; turn += 1) await new Promise(setImmediate);
    };
    const finishSlow = async (untilMs: number) => {
      for (const one of slow.filter(({ endsAtMs }) => endsAtMs <= untilMs)) {
        slow.splice(slow.indexOf(one), 1);
        clockMs = Math.max(clockMs, one.endsAtMs);
        one.answer();
        await settle();
      }
    };
    for (const event of happening) {
      if (event?.kind === 'wait') {
        const untilMs = clockMs + event.ms;
        await finishSlow(untilMs);
        clockMs = Math.max(clockMs, untilMs);
      } else if (event?.kind === 'change') {
        states.push(clockMs);
        expect(await processes[event.by]?.generation.endSoon()).toBe(true);
      } else if (event?.kind === 'search') {
        lastsMs = event.lastsMs;
        const asked = look(processes[event.by]?.search);
        answers.push(asked);
        if (lastsMs === 0) await asked;
        await settle();
      }
    }
    await finishSlow(Infinity);
    await Promise.all(answers);
  }
});

describe('a store with a generation that is told to coalesce', () => {
  const point = createPoint('1', unit(Float32Array.of(1, 0)));

  function createIndex(ends: Partial<Record<'end' | 'endSoon', boolean[]>> = {}) {
    const calls: string[] = [];
    const tell = (name: 'end' | 'endSoon') => async () => {
      calls.push(name);
      return ends[name]?.shift() ?? true;
    };
    const log = createLog();
    const generation = { end: tell('end'), endSoon: tell('endSoon') };
    const memory = createMemoryStore({ dimensions: 2 });
    const options = { logger: log, retryMs: 5, coalesce: true };
    return { calls, log, store: withGeneration(memory, generation, options) };
  }

  it('ends it soon after each change, and for certain when it is closed', async () => {
    const { calls, store } = createIndex();
    expectOk(await store.upsert([point]));
    expectOk(await store.remove(['1']));
    expect(calls).toEqual(['endSoon', 'endSoon']);
    await store.close();
    expect(calls).toEqual(['endSoon', 'endSoon', 'end']);
  });

  it('ends nothing when nothing has changed', async () => {
    const { calls, store } = createIndex();
    await store.count();
    await store.close();
    expect(calls).toEqual([]);
  });

  it('tells it again where that was not certain', async () => {
    const { calls, store } = createIndex({ endSoon: [false], end: [false] });
    expectOk(await store.upsert([point]));
    while (calls.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(calls).toEqual(['endSoon', 'end', 'end']);
    await store.close();
    expect(calls).toHaveLength(3);
  });

  it('says so when the cache has not heard of it until the close', async () => {
    const { log, store } = createIndex({ end: [false] });
    expectOk(await store.upsert([point]));
    await store.close();
    expect(log.lines).toHaveLength(1);
  });

  it('shows changes that are over when it is closed, to all at once', async () => {
    const generation = createGeneration(cache, 'images');
    const memory = createMemoryStore({ dimensions: 2 });
    const store = withGeneration(memory, generation, { logger: createLog(), coalesce: true });
    expectOk(await store.upsert([point]));
    const before = await generation.ensure();
    expectOk(await store.remove(['1']));
    expect(await generation.ensure()).toBe(before);
    await store.close();
    expect(await generation.ensure()).not.toBe(before);
  });
});
