import { setTimeout } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { VectorStore } from '../core/ports.ts';
import { describeVectorStore } from '../test/contracts/vector-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  createTestSpace,
  openTestStore,
  startTestQdrant,
  storeOptions,
  testModel,
  testShape,
} from '../test/support/open-qdrant.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { type QdrantOptions, startQdrant } from '../test/support/qdrant-server.ts';
import { seededRandom } from '../test/support/random.ts';
import { scanned } from '../test/support/store-contents.ts';
import { deleteCollection, listGenerations } from './qdrant-aliases.ts';
import { createQdrantConnection, type QdrantAddress } from './qdrant-connection.ts';
import { createQdrantStore, type QdrantStoreOptions } from './qdrant-store.ts';

describeVectorStore('The Qdrant store', () => openWithServer());

describeVectorStore('The Qdrant store with a search space', () =>
  openWithServer({ searchSpace: createTestSpace() }),
);

describeVectorStore('The Qdrant store of a cluster', () =>
  openWithServer(
    { shape: { ...testShape, shardNumber: 6, replicationFactor: 2, writeConsistencyFactor: 2 } },
    { cluster: { nodes: 3 } },
  ),
);

const realServer = process.env['QDRANT_TEST_URL'];

describe.skipIf(realServer === undefined)('A real server, at QDRANT_TEST_URL', () => {
  for (const searchSpace of [null, createTestSpace()]) {
    describeVectorStore(
      `The Qdrant store${searchSpace ? ' with a search space' : ''}`,
      async () => {
        const { hostname, port, protocol } = new URL(realServer ?? '');
        const apiKey = process.env['QDRANT_TEST_API_KEY'];
        const options = storeOptions(
          { host: hostname, port: Number(port) },
          { collection: `test-${randomBytes(6).toString('hex')}`, searchSpace, timeoutMs: 60_000 },
        );
        const address = { ...options.address, apiKey, tls: protocol === 'https:' };
        const store = expectOk(await createQdrantStore({ ...options, address }));
        const close = async () => {
          await store.close();
          await discard(options.collection, address);
        };
        return { ...store, close };
      },
    );
  }
});

describe('The Qdrant store', () => {
  const random = seededRandom(6);
  const vector = () => randomVector(random, testModel.dimensions);
  const points = (count: number) =>
    Array.from({ length: count }, (_, index) => createPoint(String(index), vector()));

  it('asks for candidates, rescoring, and ACORN where there is a filter', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server, { searchSpace: createTestSpace() });
    const filter = [{ kind: 'in', key: 'category', values: ['animals'] }] as const;
    const effort = { exact: true };
    const sent = async (query: Partial<Parameters<VectorStore['query']>[0]>) => {
      expectOk(await store.query({ vector: vector(), limit: 10, ...query }));
      const queries = server.calls.filter(({ method }) => method === 'Points.Query');
      const [last] = queries.slice(-1).map(({ request }) => request as { params: object });
      return last?.params;
    };
    const rescored = { quantization: { rescore: true, oversampling: 2 } };
    expect(await sent({})).toMatchObject({ hnswEf: 256n, exact: false, ...rescored });
    expect(await sent({})).not.toHaveProperty('acorn.enable');
    expect(await sent({ filter })).toMatchObject({ acorn: { enable: true } });
    expect(await sent({ filter, effort })).toMatchObject({ exact: true });
    expect(await sent({ limit: 1_000 })).toMatchObject({ hnswEf: 1_016n });
    expect(await sent({ effort: { ef: 32, oversampling: 4 } })).toMatchObject({
      hnswEf: 32n,
      quantization: { oversampling: 4 },
    });
  });

  it('keeps how far to look with the collection, for all who open or describe it', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    const other = await openTestStore(server);
    expect(expectOk(await store.describe()).effort).toEqual({
      exact: false,
      ef: 256,
      oversampling: 2,
    });
    expectOk(await store.setEffort({ ef: 96, oversampling: 1.5 }));
    for (const one of [store, other, await openTestStore(server)]) {
      expect(expectOk(await one.describe()).effort).toMatchObject({ ef: 96, oversampling: 1.5 });
    }
    const configured = await openTestStore(server, { ef: 700 });
    expect(expectOk(await configured.describe()).effort).toMatchObject({
      ef: 700,
      oversampling: 1.5,
    });
  });

  it('writes in parts, each of them waited for', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    expectOk(await store.upsert(points(600)));
    const upserts = server.calls.filter(({ method }) => method === 'Points.Upsert');
    expect(upserts).toHaveLength(3);
    for (const { request } of upserts) expect(request).toMatchObject({ wait: true });
    const heavy = points(8).map(({ record, vector: own }) =>
      createPoint(record.id, own, { note: 'x'.repeat(500_000) }),
    );
    server.calls.length = 0;
    expectOk(await store.upsert(heavy));
    expect(server.calls.filter(({ method }) => method === 'Points.Upsert')).toHaveLength(4);
  });

  it('waits until Qdrant has built its index', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    expectOk(await store.upsert(points(10)));
    server.faults.optimizing(true);
    expect(expectOk(await store.describe())).toMatchObject({ status: 'yellow', vectorsCount: 10 });
    let isDone = false;
    const optimized = store.optimize().then((result) => {
      isDone = true;
      return result;
    });
    await setTimeout(200);
    expect(isDone).toBe(false);
    server.faults.optimizing(false);
    expectOk(await optimized);
    expect(expectOk(await store.describe())).toMatchObject({
      status: 'green',
      collection: 'images',
    });
  });

  it('does nothing for those who leave while others write', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    server.faults.delay(100, 'Points.Upsert');
    const first = store.upsert(points(1));
    const leaving = new AbortController();
    const second = store.remove(['0'], leaving.signal);
    leaving.abort();
    expect(expectFailure(await second).code).toBe('cancelled');
    expectOk(await first);
    expect(expectOk(await store.count())).toBe(1);
  });

  it('never makes a lost collection anew, and goes on with it when it is back', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    expectOk(await store.upsert(points(3)));
    server.faults.dropCollection('images');
    const query = { vector: vector(), limit: 3 };
    for (const lost of [
      await store.query(query),
      await store.upsert(points(1)),
      await store.count(),
    ]) {
      expect(expectFailure(lost).code).toBe('collection_missing');
    }
    for await (const page of store.scan()) {
      expect(expectFailure(page).code).toBe('collection_missing');
    }
    server.faults.restoreCollections();
    expect(expectOk(await store.query(query))).toHaveLength(3);
    expect(await scanned(store)).toHaveLength(3);
  });

  it('goes on by itself after an outage', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    expectOk(await store.upsert(points(3)));
    await server.faults.refuse();
    expect(expectFailure(await store.count()).code).toBe('store_unavailable');
    expect(expectFailure(await store.upsert(points(1))).code).toBe('store_unavailable');
    await server.faults.accept();
    expect(expectOk(await store.count())).toBe(3);
    expectOk(await store.upsert(points(4)));
    expect(expectOk(await store.count())).toBe(4);
  });

  it('gives back the scores of the model, in whatever space vectors are kept', async () => {
    const server = await startTestQdrant();
    const plain = await openTestStore(server);
    const spaced = await openTestStore(server, {
      collection: 'spaced',
      searchSpace: createTestSpace(),
    });
    const all = points(200);
    for (const store of [plain, spaced]) expectOk(await store.upsert(all));
    for (let round = 0; round < 10; round++) {
      const query = { vector: vector(), limit: 20, scoreThreshold: 0.1 };
      const [a, b] = [expectOk(await plain.query(query)), expectOk(await spaced.query(query))];
      expect(b.map(({ record }) => record.id)).toEqual(a.map(({ record }) => record.id));
      for (const [index, { score }] of b.entries())
        expect(score).toBeCloseTo(a[index]?.score ?? 9, 5);
    }
  });
});

/** Every test has a server of its own. */
async function openWithServer(
  more: Partial<QdrantStoreOptions> = {},
  options: QdrantOptions = {},
): Promise<VectorStore> {
  const server = await startQdrant(options);
  const store = expectOk(await createQdrantStore(storeOptions(server, more)));
  const close = async () => {
    await store.close();
    await server.stop();
  };
  return { ...store, close };
}

/** Leaves nothing behind. */
async function discard(alias: string, address: QdrantAddress): Promise<void> {
  const connection = createQdrantConnection(address, 60_000);
  for (const { name } of expectOk(await listGenerations(connection, alias))) {
    expectOk(await deleteCollection(connection, name));
  }
  connection.close();
}
