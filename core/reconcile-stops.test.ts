import { describe, expect, it } from 'vitest';
import type { MemoryObjects } from '../test/support/memory-objects.ts';
import {
  createDamaged,
  createWorld,
  ownKeys,
  type World,
} from '../test/support/reconciled-world.ts';
import { scanned } from '../test/support/store-contents.ts';
import { type Failure, failure } from './failure.ts';
import type { VectorStore } from './ports.ts';
import { err } from './result.ts';

describe('reconciling that is cut short', () => {
  const down = failure('objects_unavailable', 'Cannot list the bucket as it does not answer');
  const some = (count: number) => Array.from({ length: count }, (_, n) => `${n}`.padStart(5, '0'));

  async function createHalfListed(): Promise<World> {
    const world = createWorld();
    for (const key of some(2500)) await world.picture(key);
    await world.picture('gone');
    world.objects.delete('gone');
    world.thumbnail('gone too');
    return world;
  }

  async function expectNothingRemoved(world: World): Promise<void> {
    expect(await scanned(world.store)).toHaveLength(2501);
    expect(ownKeys(world)).toHaveLength(2502);
  }

  it('removes nothing when the listing fails halfway', async () => {
    const world = await createHalfListed();
    const list: MemoryObjects['list'] = async function* list(options) {
      let count = 0;
      for await (const item of world.objects.list(options)) {
        count += 1;
        if (count > 1800) return yield err({ key: '', failure: down });
        yield item;
      }
    };
    const report = await world.run({ objects: { ...world.objects, list } });
    expect(report).toMatchObject({ finished: false, step: 'listing', pictures: 1000 });
    expect(report).toMatchObject({ lastKey: '00999', stopped: { code: 'objects_unavailable' } });
    await expectNothingRemoved(world);
  });

  it('removes nothing when its time is over', async () => {
    const world = await createHalfListed();
    const over = new AbortController();
    const report = await world.run({
      signal: over.signal,
      onProgress: () => over.abort(new DOMException('over', 'TimeoutError')),
    });
    expect(report).toMatchObject({ finished: false, step: 'listing', pictures: 1000 });
    expect(report.stopped?.code).toBe('timeout');
    await expectNothingRemoved(world);
  });

  it('ends at what does not answer, and says what', async () => {
    const broken: Failure = failure('store_unavailable', 'Cannot');
    const fails = async () => err(broken);
    for (const [part, step] of [
      [{ send: fails }, 'listing'],
      [{ store: { get: fails } }, 'listing'],
      [
        {
          store: {
            scan: async function* scan() {
              yield err(broken);
            },
          },
        },
        'scanning',
      ],
      [{ store: { remove: fails } }, 'scanning'],
      [{ objects: { head: fails } }, 'scanning'],
      [{ objects: { remove: fails } }, 'scanning'],
      [{ objects: { get: fails } }, 'listing'],
    ] as const) {
      const world = await createDamaged();
      const report = await world.run({
        ...('send' in part ? part : {}),
        store: { ...world.store, ...('store' in part ? part.store : {}) },
        objects: { ...world.objects, ...('objects' in part ? part.objects : {}) },
      });
      expect(report).toMatchObject({ finished: false, step, stopped: { code: broken.code } });
      const left = await scanned(world.store);
      expect(left.map(({ origin }) => origin.key)).toContain('deleted.jpg');
      // What this run could not do the next one does.
      expect(await world.run()).toMatchObject({ finished: true, orphans: 1 });
    }
  });
});

describe('reconciling with a bucket that may be the wrong one', () => {
  async function createIndex(kept: number, gone: number): Promise<World> {
    const world = createWorld();
    for (let n = 0; n < kept; n += 1) await world.picture(`kept ${n}`);
    for (let n = 0; n < gone; n += 1) await world.record(`gone ${n}`, '1');
    return world;
  }

  it('does not remove more than half of more than a thousand', async () => {
    const world = await createIndex(1000, 1001);
    const report = await world.run();
    expect(report).toMatchObject({ finished: false, step: 'scanning', orphans: 0, indexed: 2001 });
    expect(report.stopped?.code).toBe('too_many_orphans');
    expect(report.stopped?.detail).toContain(': 1001 of 2001');
    expect(await scanned(world.store)).toHaveLength(2001);
  });

  it('does when it is told to', async () => {
    const world = await createIndex(1000, 1001);
    expect(await world.run({ force: true })).toMatchObject({ finished: true, orphans: 1001 });
    expect(await scanned(world.store)).toHaveLength(1000);
  });

  it('removes less than that, and all of a thousand', async () => {
    expect(await (await createIndex(1200, 1100)).run()).toMatchObject({ orphans: 1100 });
    expect(await (await createIndex(0, 1000)).run()).toMatchObject({ orphans: 1000 });
    const strict = await (await createIndex(1200, 1100)).run({ maxRemovedShare: 0.1 });
    expect(strict).toMatchObject({ orphans: 0, finished: false });
  });

  it('does not take for gone what came while it was listing', async () => {
    const world = createWorld();
    for (let n = 0; n < 500; n += 1) await world.picture(`kept ${n}`);
    const scan: VectorStore['scan'] = async function* scan(signal) {
      for (let n = 0; n < 1500; n += 1) await world.picture(`new ${n}`);
      yield* world.store.scan(signal);
    };
    const report = await world.run({ store: { ...world.store, scan } });
    expect(report).toMatchObject({ finished: true, orphans: 0, indexed: 2000 });
  });
});
