import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectorySnapshots } from '../adapters/directory-snapshots.ts';
import { createEmbeddedSnapshots } from '../adapters/embedded-snapshots.ts';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { createQdrantSnapshots } from '../adapters/qdrant-snapshots.ts';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import { createS3Snapshots } from '../adapters/s3-snapshots.ts';
import type { VectorStore } from '../core/ports.ts';
import {
  createSnapshot,
  listSnapshots,
  removeSnapshot,
  restoreSnapshot,
  type SnapshotPlace,
  type SnapshotStore,
} from '../core/snapshots.ts';
import { expectFailure, expectOk } from './support/expect-ok.ts';
import { createPoint, randomVector } from './support/points.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { seededRandom } from './support/random.ts';
import { startS3 } from './support/s3-server.ts';
import { scanned, sorted } from './support/store-contents.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const model = { id: 'demo', revision: '1', dimensions: 16 };
const shape = {
  m: 16,
  efConstruct: 100,
  shardNumber: 1,
  replicationFactor: 1,
  writeConsistencyFactor: 1,
  readFanOutFactor: 0,
  quantization: 'int8',
  onDisk: false,
} as const;
const createDirectory = useTemporaryDirectories();
const name = 'images-20260101T000000Z';

interface Kind {
  open(): Promise<VectorStore>;
  snapshots(): SnapshotStore;
  /** Takes the collection away, as if it was on another machine. */
  lose(): Promise<void>;
  end(): Promise<void>;
}

async function embeddedKind(): Promise<Kind> {
  const directory = await createDirectory();
  const place = { directory, collection: 'images' };
  return {
    open: async () => expectOk(await createEmbeddedStore({ ...place, model })),
    snapshots: () => createEmbeddedSnapshots(place),
    lose: () => rm(path.join(directory, 'images'), { recursive: true }),
    async end() {
      const hidden = (await readdir(directory)).filter((file) => file.startsWith('.'));
      expect(hidden).toEqual([]);
    },
  };
}

async function qdrantKind(): Promise<Kind> {
  const server: RunningQdrant = await startQdrant({ restPort: 0, apiKey: 'secret' });
  const { host, port, restPort } = server;
  const common = {
    address: { host, port, apiKey: 'secret' },
    timeoutMs: 10_000,
    collection: 'images',
  };
  return {
    open: async () => expectOk(await createQdrantStore({ ...common, model, shape })),
    snapshots: () => createQdrantSnapshots({ ...common, nodes: [`http://127.0.0.1:${restPort}`] }),
    async lose() {
      server.storage.collections.clear();
      server.storage.aliases.clear();
    },
    async end() {
      expect(server.storage.collections.size).toBe(1);
      await server.stop();
    },
  };
}

describe.each([
  ['embedded', embeddedKind],
  ['qdrant', qdrantKind],
])('a snapshot of an %s store', (_kind, createKind) => {
  let kind: Kind;
  let place: SnapshotPlace;
  let directory: string;

  beforeEach(async () => {
    kind = await createKind();
    directory = await createDirectory();
    place = createDirectorySnapshots(directory);
  });
  afterEach(() => kind.end());

  async function fill(ids: readonly string[], width: number): Promise<void> {
    const store = await kind.open();
    const random = seededRandom(width);
    const points = ids.map((id) => createPoint(id, randomVector(random, 16), { width }));
    expectOk(await store.upsert(points));
    await store.close();
  }

  async function contents() {
    const store = await kind.open();
    const records = sorted(await scanned(store));
    const vectors = expectOk(await store.vectors(records.map(({ id }) => id)));
    await store.close();
    return { records, vectors: [...vectors].toSorted(([a], [b]) => (a < b ? -1 : 1)) };
  }

  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => String(from + n));

  it('brings back what there was', async () => {
    await fill(numbers(0, 300), 1);
    const before = await contents();
    const taken = expectOk(await createSnapshot(kind.snapshots(), place, name));
    expect(taken).toMatchObject({ collection: 'images', vectors: 300, model: 'demo' });
    await fill(numbers(200, 400), 2);
    expectOk(await restoreSnapshot(kind.snapshots(), place, name));
    expect(await contents()).toEqual(before);
    await kind.lose();
    expectOk(await restoreSnapshot(kind.snapshots(), place, name));
    expect(await contents()).toEqual(before);
  });

  it('is listed when it is finished, and gone when it is removed', async () => {
    await fill(['1'], 1);
    expect(expectOk(await listSnapshots(place))).toEqual([]);
    expectOk(await createSnapshot(kind.snapshots(), place, `${name}-b`));
    const info = expectOk(await createSnapshot(kind.snapshots(), place, `${name}-a`));
    await rm(path.join(directory, `${name}-b`, 'snapshot.json'));
    const listed = expectOk(await listSnapshots(place));
    expect(listed).toEqual([{ name: `${name}-a`, info: { ok: true, value: info } }]);
    expect(expectFailure(await restoreSnapshot(kind.snapshots(), place, `${name}-b`)).code).toBe(
      'not_found',
    );
    for (const end of ['a', 'b']) expectOk(await removeSnapshot(place, `${name}-${end}`));
    expect(await readdir(directory)).toEqual([]);
    expect(expectFailure(await removeSnapshot(place, name)).detail).toContain(name);
  });

  it.each(['a changed byte', 'a missing byte', 'a missing file', 'a path that leads out'])(
    'with %s is refused, and the collection stays as it is',
    async (damage) => {
      await fill(numbers(0, 20), 1);
      const taken = expectOk(await createSnapshot(kind.snapshots(), place, name));
      await fill(['7'], 2);
      const before = await contents();
      const [largest] = taken.files.toSorted((a, b) => b.bytes - a.bytes);
      const file = path.join(directory, name, largest?.path ?? '');
      const content = await readFile(file);
      if (damage === 'a changed byte') {
        content[100] = (content[100] ?? 0) ^ 1;
        await writeFile(file, content);
      } else if (damage === 'a missing byte') await writeFile(file, content.subarray(1));
      else if (damage === 'a missing file') await rm(file);
      else {
        const info = path.join(directory, name, 'snapshot.json');
        const text = await readFile(info, 'utf8');
        await writeFile(info, text.replace(`"${largest?.path}"`, '"../../collection.json"'));
      }
      const failed = expectFailure(await restoreSnapshot(kind.snapshots(), place, name));
      expect(failed.detail).toMatch(/damaged|no such file/);
      expect(await contents()).toEqual(before);
    },
  );

  it('is not taken where there is nothing', async () => {
    const failed = expectFailure(await createSnapshot(kind.snapshots(), place, name));
    expect(failed.code).toBe('collection_missing');
    expect(expectOk(await place.list())).toEqual([]);
    await fill(['1'], 1);
  });

  it('goes to a bucket and back', async () => {
    const s3 = await startS3();
    await s3.createBucket('backups');
    const bucket = createS3Snapshots({ bucket: 'backups', prefix: 'mine', client: s3.client });
    await fill(numbers(0, 20), 1);
    const before = await contents();
    let bytes = 0;
    const taken = expectOk(
      await createSnapshot(kind.snapshots(), bucket, name, (some) => (bytes += some)),
    );
    expect(bytes).toBe(taken.files.reduce((sum, file) => sum + file.bytes, 0));
    await fill(numbers(5, 30), 2);
    expectOk(await restoreSnapshot(kind.snapshots(), bucket, name));
    expect(await contents()).toEqual(before);
  });
});

describe('a snapshot of an embedded store that is open', () => {
  it('has everything that was acknowledged before, however much is written meanwhile', async () => {
    const kind = await embeddedKind();
    const place = createDirectorySnapshots(await createDirectory());
    const store = await kind.open();
    const random = seededRandom(1);
    const acknowledged: number[] = [];
    const over = new AbortController();
    const writing = (async () => {
      for (let id = 0; !over.signal.aborted; id += 10) {
        const ids = Array.from({ length: 10 }, (_, n) => id + n);
        const points = ids.map((one) => createPoint(`${one}`, randomVector(random, 16)));
        expectOk(await store.upsert(points));
        acknowledged.push(...ids);
        if (id % 100 === 90) expectOk(await store.optimize());
      }
    })();
    for (let n = 0; n < 4; n += 1) {
      while (acknowledged.length < (n + 1) * 60) await new Promise((done) => setTimeout(done, 5));
      const before = acknowledged.length;
      const taken = expectOk(await createSnapshot(kind.snapshots(), place, `${name}-${n}`));
      expect(taken.vectors).toBeGreaterThanOrEqual(before);
    }
    over.abort();
    await writing;
    const locked = expectFailure(await restoreSnapshot(kind.snapshots(), place, `${name}-0`));
    expect(locked).toMatchObject({ code: 'index_locked' });
    expect(locked.detail).toMatch(/is npm start running\?\)$/);
    await store.close();
    const restored = expectOk(await restoreSnapshot(kind.snapshots(), place, `${name}-2`));
    const again = await kind.open();
    expect(expectOk(await again.count())).toBe(restored.vectors);
    await again.close();
    await kind.end();
  });

  it('cannot be restored to a store of another kind', async () => {
    const kind = await embeddedKind();
    await (await kind.open()).close();
    const place = createDirectorySnapshots(await createDirectory());
    expectOk(await createSnapshot(kind.snapshots(), place, name));
    const other = { ...kind.snapshots(), kind: 'qdrant' };
    const failed = expectFailure(await restoreSnapshot(other, place, name));
    expect(failed.detail).toContain('set VECTOR_STORE');
  });
});
