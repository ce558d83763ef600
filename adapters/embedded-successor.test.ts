import { cp, readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Successor, SuccessorSpec, VectorStore } from '../core/ports.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { idsOf, scanned } from '../test/support/store-contents.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { readManifest, writeManifest } from './embedded-files.ts';
import { createEmbeddedStore } from './embedded-store.ts';

const oldModel = { id: 'old', revision: '1', dimensions: 16 };
const newModel = { id: 'new', revision: '1', dimensions: 24 };
const spec: SuccessorSpec = { model: newModel, searchSpace: null };
const createDirectory = useTemporaryDirectories();

async function open(directory: string, model = oldModel): Promise<VectorStore> {
  return expectOk(await createEmbeddedStore({ directory, collection: 'images', model }));
}

async function put(store: VectorStore, ids: readonly string[], dimensions: number): Promise<void> {
  const random = seededRandom(3);
  const points = ids.map((id) => createPoint(id, randomVector(random, dimensions)));
  expectOk(await store.upsert(points));
}

async function succeed(store: VectorStore): Promise<Successor> {
  return expectOk(await store.succeed(spec));
}

describe('a successor of an embedded collection', () => {
  it('takes its place with all that it has, and leaves nothing of the old one', async () => {
    const directory = await createDirectory();
    const store = await open(directory);
    await put(store, ['1', '2', '3'], 16);
    const successor = await succeed(store);
    await put(successor.store, ['2', '4'], 24);
    expect(idsOf(await scanned(store))).toEqual(['1', '2', '3']);
    expectOk(await successor.store.setEffort({ ef: 77, oversampling: 3 }));
    expect(expectOk(await successor.publish())).toBeUndefined();
    expect(expectFailure(await store.count()).code).toBe('store_unavailable');
    const after = await open(directory, newModel);
    expect(idsOf(await scanned(after))).toEqual(['2', '4']);
    expect(expectOk(await after.describe()).effort).toMatchObject({ oversampling: 3 });
    await after.close();
    const folder = path.join(directory, 'images');
    const { lock, vectors } = await readManifest(folder);
    const left = (await readdir(folder)).filter((name) => !name.endsWith('.journal'));
    expect(left.toSorted()).toEqual(['collection.json', lock, vectors].toSorted());
    expect(await readdir(directory)).toEqual(['images']);
  });

  it('is refused for the old model afterwards', async () => {
    const directory = await createDirectory();
    const store = await open(directory);
    const successor = await succeed(store);
    expectOk(await successor.publish());
    const place = { directory, collection: 'images', model: oldModel };
    expect(expectFailure(await createEmbeddedStore(place)).code).toBe('model_mismatch');
  });

  it('is gone on with when it was begun before for the same', async () => {
    const directory = await createDirectory();
    const store = await open(directory);
    const begun = await succeed(store);
    await put(begun.store, ['1', '2'], 24);
    await begun.store.close();
    await store.close();
    const again = await open(directory);
    const successor = await succeed(again);
    expect(idsOf(await scanned(successor.store))).toEqual(['1', '2']);
    await successor.store.close();
    for (const model of [
      { ...newModel, id: 'third' },
      { ...newModel, revision: '2' },
    ]) {
      const other = expectOk(await again.succeed({ ...spec, model }));
      expect(await scanned(other.store)).toEqual([]);
      await put(other.store, ['9'], 24);
      await other.store.close();
    }
    await again.close();
  });

  it('is begun anew where what there is does not open, or was published already', async () => {
    const directory = await createDirectory();
    const folder = path.join(directory, 'images');
    const store = await open(directory);
    const begun = await succeed(store);
    await put(begun.store, ['1'], 24);
    await begun.store.close();
    const manifest = await readManifest(path.join(folder, 'next'));
    await writeManifest(path.join(folder, 'next'), { ...manifest, vectors: 'vectors-none' });
    const anew = await succeed(store);
    expect(await scanned(anew.store)).toEqual([]);
    await put(anew.store, ['5'], 24);
    await anew.store.close();
    // As a process leaves it that is killed just after the switch.
    await cp(path.join(folder, 'next'), path.join(directory, 'kept'), { recursive: true });
    expectOk(await (await succeed(store)).publish());
    await cp(path.join(directory, 'kept'), path.join(folder, 'next'), { recursive: true });
    const after = await open(directory, newModel);
    const fresh = await succeed(after);
    expect(await scanned(fresh.store)).toEqual([]);
    await fresh.store.close();
    expect(idsOf(await scanned(after))).toEqual(['5']);
    await after.close();
  });

  it('is gone without a trace when it is discarded', async () => {
    const directory = await createDirectory();
    const store = await open(directory);
    await put(store, ['1'], 16);
    const successor = await succeed(store);
    await put(successor.store, ['2'], 24);
    expectOk(await successor.discard());
    expect(await readdir(path.join(directory, 'images'))).not.toContain('next');
    expect(idsOf(await scanned(store))).toEqual(['1']);
    expect(await scanned((await succeed(store)).store)).toEqual([]);
    await store.close();
  });
});
