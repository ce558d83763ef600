import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createMemoryObjects, type MemoryObjectsOptions } from '../test/support/memory-objects.ts';
import { createPoint } from '../test/support/points.ts';
import { createLog } from '../test/support/search-app.ts';
import { withAnnouncements } from './announced-generation.ts';
import { failure } from './failure.ts';
import { createGeneration, withGeneration } from './generation.ts';
import { announcementKey, isOwnKey } from './own-keys.ts';
import type { Cache } from './ports.ts';

let clockMs: number;
let cache: Cache;
beforeEach(() => {
  clockMs = 0;
  cache = createMemoryCache({ now: () => clockMs });
});

/** One of the processes that change the index. */
function createProcess(options: MemoryObjectsOptions = {}, over: Cache = cache) {
  const puts: string[] = [];
  const objects = createMemoryObjects({
    ...options,
    after: ({ keys: [key = ''] }) => void puts.push(key),
  });
  const log = createLog();
  const bare = createGeneration(over, 'images');
  const generation = withAnnouncements(bare, {
    cache: over,
    index: 'images',
    objects,
    logger: log,
  });
  return { generation, puts, log };
}

describe('the end of a generation', () => {
  it('is announced in the bucket, below the prefix that is no picture', async () => {
    const { generation, puts } = createProcess();
    expect(await generation.end()).toBe(true);
    expect(puts).toEqual([announcementKey]);
    expect(isOwnKey(announcementKey)).toBe(true);
  });

  it('is announced when it is certain, not before', async () => {
    const seen: unknown[] = [];
    const { generation } = createProcess({
      before: async () => void seen.push(await cache.get([generation.key])),
    });
    await generation.ensure();
    expect(await generation.end()).toBe(true);
    expect(seen).toEqual([[undefined]]);
  });

  it('that is not certain is not announced', async () => {
    const stubborn: Cache = { ...cache, remove: async () => false, shorten: async () => false };
    const { generation, puts } = createProcess({}, stubborn);
    expect(await generation.end()).toBe(false);
    expect(puts).toEqual([]);
  });

  it('is announced when pictures are removed, as when they come', async () => {
    const { generation, puts, log } = createProcess();
    const store = withGeneration(createMemoryStore({ dimensions: 2 }), generation, { logger: log });
    const point = createPoint('1', Float32Array.of(1, 0));
    await store.upsert([point]);
    clockMs += 60_000;
    await store.remove([point.record.id]);
    expect(puts).toEqual([announcementKey, announcementKey]);
    await store.close();
  });

  it('fails nothing where the bucket does not take it, and the next one is announced', async () => {
    let isDown = true;
    const down = failure('objects_unavailable', 'Cannot write as it is down');
    const { generation, puts, log } = createProcess({ before: () => (isDown ? down : undefined) });
    expect(await generation.endSoon()).toBe(true);
    expect(log.lines).toMatchObject([{ level: 'warn' }]);
    isDown = false;
    expect(await generation.endSoon()).toBe(true);
    expect(puts).toEqual([announcementKey]);
  });
});

describe('many ends in a short time', () => {
  it('of many processes are announced once in half a minute, the first at once', async () => {
    const processes = Array.from({ length: 4 }, () => createProcess());
    const count = () => processes.flatMap(({ puts }) => puts).length;
    for (; clockMs < 120_000; clockMs += 500) {
      await Promise.all(processes.map(({ generation }) => generation.endSoon()));
      if (clockMs === 0) expect(count()).toBe(1);
    }
    expect(count()).toBe(4);
  });

  it('of two indexes are announced each', async () => {
    const puts: string[] = [];
    for (const index of ['images', 'others']) {
      const objects = createMemoryObjects({ after: ({ keys: [key = ''] }) => void puts.push(key) });
      const parts = { cache, index, objects, logger: createLog() };
      await withAnnouncements(createGeneration(cache, index), parts).endSoon();
    }
    expect(puts).toHaveLength(2);
  });
});
