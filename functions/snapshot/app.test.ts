import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { createQdrantSnapshots } from '../../adapters/qdrant-snapshots.ts';
import { createQdrantStore } from '../../adapters/qdrant-store.ts';
import { createS3Snapshots } from '../../adapters/s3-snapshots.ts';
import { failure } from '../../core/failure.ts';
import { err, ok } from '../../core/result.ts';
import { createSnapshot, listSnapshots, type SnapshotStore } from '../../core/snapshots.ts';
import { expectOk } from '../../test/support/expect-ok.ts';
import { storeOptions, testModel } from '../../test/support/open-qdrant.ts';
import { createPoint, randomVector } from '../../test/support/points.ts';
import { type RunningQdrant, startQdrant } from '../../test/support/qdrant-server.ts';
import { seededRandom } from '../../test/support/random.ts';
import { startS3 } from '../../test/support/s3-server.ts';
import { removeQdrantLeftovers } from '../../adapters/qdrant-leftovers.ts';
import { createSnapshotFunction, type SnapshotFunctionParts } from './app.ts';

const apiKey = 'secret';
const minutes = (left: number) => ({ getRemainingTimeInMillis: () => left * 60_000 });
const s3 = await startS3();
await s3.createBucket('copies');
let bucketPrefix = 0;

let qdrant: RunningQdrant;
beforeEach(async () => {
  qdrant = await startQdrant({ restPort: 0, apiKey });
});
afterEach(() => qdrant.stop());

function options() {
  return {
    address: { host: qdrant.host, port: qdrant.port, apiKey },
    timeoutMs: 5000,
    collection: 'images',
    nodes: [`http://127.0.0.1:${qdrant.restPort}`],
  };
}

async function openIndex() {
  const { address } = options();
  return expectOk(await createQdrantStore(storeOptions(qdrant, { address })));
}

async function fill(from: number, to: number): Promise<void> {
  const index = await openIndex();
  const random = seededRandom(1);
  const ids = Array.from({ length: to - from }, (_, n) => String(from + n));
  const points = ids.map((id) => createPoint(id, randomVector(random, testModel.dimensions)));
  expectOk(await index.upsert(points));
  await index.close();
}

async function count(): Promise<number> {
  const index = await openIndex();
  const counted = expectOk(await index.count());
  await index.close();
  return counted;
}

function setUp(more: Partial<SnapshotFunctionParts> = {}) {
  const prefix = `nightly-${(bucketPrefix += 1)}`;
  const lines: string[] = [];
  const logged: { level: string; message: string }[] = [];
  const log = (level: string) => (_: unknown, message: string) =>
    void logged.push({ level, message });
  let day = 0;
  let nowMs = 0;
  const run = createSnapshotFunction({
    store: createQdrantSnapshots(options()),
    place: createS3Snapshots({ bucket: 'copies', prefix, client: s3.client }),
    collection: 'images',
    kept: 3,
    removeLeftovers: async () => ok(0),
    metrics: createEmfCollection({
      epochMs: () => 0,
      write: (line) => void lines.push(line),
      namespace: 'PictureSearch',
      service: 'snapshot',
      environment: 'test',
    }),
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    now: () => (nowMs += 2000),
    epochMs: () => Date.UTC(2030, 0, (day += 1), 2, 30),
    ...more,
  });
  const keys = async () => {
    const listing = { Bucket: 'copies', Prefix: `${prefix}/` };
    const { Contents = [] } = await s3.client.send(new ListObjectsV2Command(listing));
    return Contents.map(({ Key = '' }) => Key.slice(prefix.length + 1));
  };
  const metrics = () => lines.map((line): unknown => JSON.parse(line));
  return { run, keys, metrics, logged };
}

describe('the snapshot function', () => {
  it('puts a copy of the index into the bucket, leaves none on the disk of Qdrant, and measures', async () => {
    await fill(0, 50);
    const { run, keys, metrics, logged } = setUp();
    const done = await run({ version: '0', 'detail-type': 'Scheduled Event' }, minutes(15));
    const name = 'images-20300101T023000Z';
    expect(done).toMatchObject({ action: 'create', name, finished: true, vectors: 50, seconds: 2 });
    expect(await keys()).toEqual([`${name}/node-1.snapshot`, `${name}/snapshot.json`]);
    expect(done.bytes).toBeGreaterThan(1000);
    expect(metrics()).toMatchObject([
      {
        service: 'snapshot',
        environment: 'test',
        finished: 1,
        bytes: done.bytes,
        vectors: 50,
        run_duration: [2000],
      },
    ]);
    expect(logged).toEqual([{ level: 'info', message: `Done: create ${name}` }]);
    expect(await leftOnDisk()).toEqual([]);
  });

  it('keeps the last ones, and never removes one that could be brought back for one that could not', async () => {
    await fill(0, 5);
    const { run, keys } = setUp();
    const names: string[] = [];
    for (let night = 0; night < 5; night += 1) names.push((await run({}, minutes(15))).name);
    const there = new Set((await keys()).map((key) => key.split('/')[0]));
    expect([...there]).toEqual(names.slice(-3));
  });

  it('neither removes nor counts copies of other names, whoever put them there', async () => {
    await fill(0, 5);
    const place = createS3Snapshots({ bucket: 'copies', prefix: 'shared', client: s3.client });
    const others = ['images-2-20290101T023000Z', 'images-before-the-move'];
    for (const name of others) {
      expectOk(await createSnapshot(createQdrantSnapshots(options()), place, name));
    }
    const { run } = setUp({ place, kept: 1 });
    const [first, last] = [await run({}, minutes(15)), await run({}, minutes(15))];
    expect(last.removed).toEqual([first.name]);
    const left = expectOk(await listSnapshots(place)).map(({ name }) => name);
    expect(left).toEqual([...others, last.name].toSorted());
  });

  it('brings a copy back when it is asked to', async () => {
    await fill(0, 30);
    const { run, metrics } = setUp();
    const { name } = await run({}, minutes(15));
    await fill(30, 80);
    expect(await count()).toBe(80);
    const restored = await run({ restore: name }, minutes(15));
    expect(restored).toMatchObject({ action: 'restore', name, finished: true, vectors: 30 });
    expect(await count()).toBe(30);
    // Nobody is to take it for the copy of this night.
    expect(metrics()).toHaveLength(1);
  });

  it('ends what is kept of answers when a copy is back, and not before', async () => {
    await fill(0, 5);
    const ended: number[] = [];
    const { run, logged } = setUp({
      async endAnswers() {
        // Nobody is connected at first.
        const isCertain = ended.length > 0;
        ended.push(await count());
        return isCertain;
      },
    });
    const { name } = await run({}, minutes(15));
    await fill(5, 8);
    expect(ended).toEqual([]);
    await run({ restore: name }, minutes(15));
    expect(ended).toEqual([5, 5]);
    expect(logged.map(({ level }) => level)).toEqual(['info', 'info']);
  });

  it.each([
    ['stops to send', 'hang'],
    ['never ends', 'trickle'],
  ])('ends in time where the index %s, clears up, and says what to do', async (_, kind) => {
    let released = 0;
    const { run, keys, metrics, logged } = setUp({
      marginMs: 8000,
      store: endless(kind, () => (released += 1)),
    });
    const startMs = performance.now();
    const remaining = () => 8200 - (performance.now() - startMs);
    const done = await run({}, { getRemainingTimeInMillis: remaining });
    expect(remaining()).toBeGreaterThan(0);
    expect(done).toMatchObject({ finished: false, vectors: 0 });
    expect(done.stopped).toMatch(
      /takes longer than a function may run \(npm run snapshot -- create --to s3:\/\/copies\/nightly-\d+ /,
    );
    expect(released).toBe(1);
    expect(await keys()).toEqual([]);
    expect(metrics()).toMatchObject([{ finished: 0 }]);
    expect(logged.map(({ level }) => level)).toEqual(['error']);
  });

  it('does not end with the invocation where Qdrant makes no copy in time', async () => {
    const { run, metrics } = setUp({
      marginMs: 500,
      store: { ...endless('hang'), capture: () => new Promise(() => undefined) },
    });
    const done = await run({}, { getRemainingTimeInMillis: () => 600 });
    expect(done).toMatchObject({ finished: false, bytes: 0 });
    expect(metrics()).toMatchObject([{ finished: 0 }]);
  });

  it('throws where there is nothing to copy or Qdrant is away, so that it is run again', async () => {
    const { run, metrics } = setUp();
    await expect(run({}, minutes(15))).rejects.toThrow('Qdrant has no collection of this name');
    await qdrant.stop();
    await expect(run({}, minutes(15))).rejects.toThrow('Cannot');
    expect(metrics()).toMatchObject([{ finished: 0 }, { finished: 0 }]);
  });

  it('makes its copy although it could not clear up', async () => {
    await fill(0, 5);
    const down = failure('store_unavailable', 'Cannot');
    const { run, logged } = setUp({ removeLeftovers: async () => err(down) });
    expect(await run({}, minutes(15))).toMatchObject({ finished: true });
    expect(logged.map(({ level }) => level)).toEqual(['warn', 'info']);
  });

  it.each([[{ restore: 7 }], ['restore'], [{ restore: '' }]])('refuses %j', async (event) => {
    await expect(setUp().run(event, minutes(15))).rejects.toThrow('the event is not valid');
  });
});

describe('what a run that was cut short leaves on the disk of Qdrant', () => {
  it('is removed when it is old, and left alone while somebody may read it', async () => {
    await fill(0, 5);
    await createQdrantSnapshots(options()).capture();
    const [made] = await leftOnDisk();
    expect(made).toBeDefined();
    // The stand-in says of all that they were made at that time.
    const madeMs = Date.UTC(2026, 0, 1);
    expect(expectOk(await removeQdrantLeftovers({ ...options(), before: madeMs }))).toBe(0);
    expect(await leftOnDisk()).toEqual([made]);
    expect(expectOk(await removeQdrantLeftovers({ ...options(), before: madeMs + 1 }))).toBe(1);
    expect(await leftOnDisk()).toEqual([]);
  });

  it('is nothing where there is no index yet', async () => {
    expect(expectOk(await removeQdrantLeftovers({ ...options(), before: 0 }))).toBe(0);
  });
});

async function leftOnDisk(): Promise<unknown[]> {
  const [name] = qdrant.storage.collections.keys();
  const url = `http://127.0.0.1:${qdrant.restPort}/collections/${encodeURIComponent(name ?? '')}/snapshots`;
  const answer = await fetch(url, { headers: { 'api-key': apiKey } });
  return ((await answer.json()) as { result: unknown[] }).result;
}

/** A store whose one file is without an end, or comes to a halt. */
function endless(kind: string, onRelease: () => void = () => undefined): SnapshotStore {
  async function* open(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield new Uint8Array(1000);
      await new Promise((resolve) => {
        if (kind === 'trickle') setTimeout(resolve, 5);
      });
    }
  }
  return {
    kind: 'qdrant',
    capture: async () =>
      ok({
        info: { collection: 'images', model: 'm', revision: '1', dimensions: 1, vectors: 1 },
        files: [{ path: 'node-1.snapshot', open }],
        release: async () => void onRelease(),
      }),
    restore: async () => ok(undefined),
  };
}
