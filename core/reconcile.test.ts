import { describe, expect, it } from 'vitest';
import type { MemoryObjects } from '../test/support/memory-objects.ts';
import {
  createDamaged,
  createWorld,
  idOf,
  ownKeys,
  root,
} from '../test/support/reconciled-world.ts';
import { idsOf, scanned } from '../test/support/store-contents.ts';
import { imageId } from './image-id.ts';
import { ownPrefix, rejectKey, thumbnailKey } from './own-keys.ts';
import type { VectorStore } from './ports.ts';
import { ok } from './result.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

const damage = {
  pictures: 7,
  lastKey: 'new.jpg',
  missing: 2,
  stale: 1,
  rejected: 1,
  sent: 3,
  indexed: 5,
  otherRoots: 1,
  orphans: 1,
  leftovers: 2,
  finished: true,
  step: 'done',
  stopped: null,
};

describe('reconciling', () => {
  it('finds what is missing, stale, gone, rejected or somebody else’s', async () => {
    const world = await createDamaged();
    expect(await world.run()).toEqual({ root, dryRun: false, ...damage });
    expect(world.sent.toSorted()).toEqual(['changed.jpg', 'mended.jpg', 'new.jpg']);
    const left = ['a', 'b', 'c', 'changed'].map((name) => idOf(`${name}.jpg`));
    const others = imageId('s3://others/x.jpg');
    expect(idsOf(await scanned(world.store))).toEqual(
      [...left, others].toSorted((a, b) => Number(BigInt(a) - BigInt(b))),
    );
    expect(ownKeys(world)).toEqual(
      [
        ...left.map(thumbnailKey),
        rejectKey(idOf('bad.jpg')),
        rejectKey(idOf('mended.jpg')),
        `${ownPrefix}manifests/1.json`,
      ].toSorted(),
    );
  });

  it('has an indexer look at a picture that has a record and a reject', async () => {
    const world = createWorld();
    await world.picture('a.jpg');
    world.reject('a.jpg', '"of before"');
    expect(await world.run()).toMatchObject({ pictures: 1, stale: 1, rejected: 0 });
    expect(world.sent).toEqual(['a.jpg']);
  });

  it('finds nothing where all is as it should be', async () => {
    const world = createWorld();
    for (let n = 0; n < 2500; n += 1) await world.picture(`${n}.jpg`);
    const report = await world.run();
    expect(report).toMatchObject({ pictures: 2500, indexed: 2500, sent: 0, orphans: 0 });
    expect(report).toMatchObject({ finished: true, leftovers: 0, missing: 0, stale: 0 });
    expect(ownKeys(world)).toHaveLength(2500);
  });

  it('changes nothing in a dry run, and counts the same', async () => {
    const world = await createDamaged();
    const before = [world.objects.keys(), await scanned(world.store)];
    expect(await world.run({ dryRun: true })).toEqual({ root, dryRun: true, ...damage });
    expect([world.objects.keys(), await scanned(world.store)]).toEqual(before);
    expect(world.sent).toEqual([]);
  });

  it('sends a thousand keys at a time', async () => {
    const world = createWorld();
    for (let n = 0; n < 2100; n += 1) world.objects.upload(`${n}.jpg`, bytes(`${n}`));
    const sizes: number[] = [];
    await world.run({
      async send(keys) {
        sizes.push(keys.length);
        return ok(undefined);
      },
    });
    expect(sizes).toEqual([1000, 1000, 100]);
  });

  it('tells how far it is', async () => {
    const world = await createDamaged();
    const told: Record<string, number> = {};
    await world.run({ onProgress: (step, count) => (told[step] = (told[step] ?? 0) + count) });
    expect(told).toEqual({ listing: 7, scanning: 6, leftovers: 8 });
  });

  it('looks at a damaged reject as at none', async () => {
    const world = createWorld();
    world.objects.upload('bad.jpg', bytes('no picture'));
    world.objects.upload(rejectKey(idOf('bad.jpg')), bytes('{'));
    world.objects.upload(rejectKey(idOf('gone.jpg')), bytes('{'));
    expect(await world.run()).toMatchObject({ missing: 1, rejected: 0, leftovers: 1 });
    expect(ownKeys(world)).toEqual([rejectKey(idOf('bad.jpg'))]);
  });

  it('keeps the reject of a picture that came while it was listing', async () => {
    const world = createWorld();
    const came = (key: string) => {
      const { version } = world.objects.upload(key, bytes('no picture'));
      world.reject(key, version);
    };
    const scan: VectorStore['scan'] = (signal) => {
      came('late.jpg');
      return world.store.scan(signal);
    };
    const report = await world.run({ store: { ...world.store, scan } });
    expect(report).toMatchObject({ finished: true, leftovers: 0 });
    expect(ownKeys(world)).toEqual([rejectKey(idOf('late.jpg'))]);
  });

  it('has a picture indexed again that comes back while its record is removed', async () => {
    const world = await createDamaged();
    const remove: VectorStore['remove'] = async (ids) => {
      await world.picture('deleted.jpg');
      return world.store.remove(ids);
    };
    expect(await world.run({ store: { ...world.store, remove } })).toMatchObject({ orphans: 1 });
    expect(world.sent).toContain('deleted.jpg');
  });

  it('has a picture indexed again whose record comes after its thumbnail was taken', async () => {
    const world = createWorld();
    world.thumbnail('late.jpg');
    const settle = () => world.picture('late.jpg');
    expect(await world.run({ settle })).toMatchObject({ leftovers: 1, finished: true });
    expect(world.sent).toEqual(['late.jpg']);
  });

  it('has a picture looked at again whose reject comes while an older one is removed', async () => {
    const world = createWorld();
    world.reject('late.jpg', '1');
    const remove: MemoryObjects['remove'] = async (keys) => {
      world.objects.upload('late.jpg', new TextEncoder().encode('bad'));
      return world.objects.remove(keys);
    };
    await world.run({ objects: { ...world.objects, remove } });
    expect(world.sent).toEqual(['late.jpg']);
  });

  it('finds an orphan in another night that the filter hides in one', async () => {
    const hidden: number[] = [];
    for (let seed = 0; seed < 30; seed += 1) {
      const world = createWorld();
      for (let n = 0; n < 40; n += 1) await world.picture(`${n}.jpg`);
      for (let n = 0; n < 10; n += 1) await world.record(`gone ${n}.jpg`, '1');
      const { orphans } = await world.run({ filterBytes: 24, seed });
      hidden.push(10 - orphans);
    }
    expect(Math.max(...hidden)).toBeGreaterThan(0);
    expect(Math.min(...hidden)).toBe(0);
  });
});
