import { describe, expect, it } from 'vitest';
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
import { seededRandom } from '../test/support/random.ts';
import { createQdrantStore } from './qdrant-store.ts';
import { readCollectionModel } from './qdrant-opening.ts';

const vector = () => randomVector(seededRandom(4), testModel.dimensions);

describe('opening a collection in Qdrant', () => {
  it('makes it behind its alias, with its index before the first point', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    expect(Object.fromEntries(server.storage.aliases)).toEqual({
      images: 'images__test-model-1__1',
    });
    const methods = server.calls.map(({ method }) => method);
    expect(methods.filter((one) => /Create|Alias/.test(one))).toEqual([
      'Collections.ListAliases',
      'Collections.Create',
      'Points.CreateFieldIndex',
      'Collections.UpdateAliases',
    ]);
    expectOk(await store.upsert([createPoint('1', vector())]));
    const again = await openTestStore(server);
    expect(expectOk(await again.count())).toBe(1);
  });

  it('asks for exactly the graph, vectors and replicas that are set', async () => {
    const server = await startTestQdrant({ cluster: { nodes: 3 } });
    const shape = {
      ...testShape,
      m: 24,
      efConstruct: 300,
      shardNumber: 3,
      replicationFactor: 2,
      writeConsistencyFactor: 2,
      readFanOutFactor: 1,
      quantization: 'product',
      onDisk: true,
    } as const;
    const searchSpace = createTestSpace();
    await openTestStore(server, { shape, searchSpace });
    const sent = (method: string) => server.calls.find((call) => call.method === method)?.request;
    const distanceDot = 3;
    expect(sent('Collections.Create')).toMatchObject({
      vectorsConfig: {
        config: {
          value: {
            size: BigInt(searchSpace.storedDimensions),
            distance: distanceDot,
            onDisk: true,
          },
        },
      },
      hnswConfig: { m: 24n, efConstruct: 300n, payloadM: 0n, onDisk: false },
      quantizationConfig: { quantization: { case: 'product', value: { alwaysRam: true } } },
      shardNumber: 3,
      replicationFactor: 2,
      writeConsistencyFactor: 2,
      strictModeConfig: { enabled: true, unindexedFilteringRetrieve: false },
    });
    expect(sent('Collections.Update')).toMatchObject({ params: { readFanOutFactor: 1 } });
    await openTestStore(server, { collection: 'plain' });
    const plain = server.calls.findLast(({ method }) => method === 'Collections.Create');
    expect(plain?.request).toMatchObject({
      vectorsConfig: { config: { value: { size: 24n, distance: 1, onDisk: false } } },
      quantizationConfig: {
        quantization: { case: 'scalar', value: { type: 1, alwaysRam: true } },
      },
    });
  });

  it('refuses the vectors of another model or revision, and says what to do', async () => {
    const server = await startTestQdrant();
    await openTestStore(server);
    const others = [
      { ...testModel, id: 'other' },
      { ...testModel, dimensions: 32 },
      { ...testModel, revision: '2' },
    ];
    for (const model of others) {
      const refused = expectFailure(await createQdrantStore(storeOptions(server, { model })));
      expect(refused.code).toBe('model_mismatch');
      expect(refused.detail).toMatch(/QDRANT_COLLECTION.*npm run reindex/);
    }
    const { host, port } = server;
    const address = { host, port, timeoutMs: 2_000 };
    expect(expectOk(await readCollectionModel(address, 'images'))).toEqual(testModel);
    expect(expectOk(await readCollectionModel(address, 'other'))).toBeUndefined();
  });

  it('gives all that open a new one at once the same', async () => {
    const server = await startTestQdrant();
    const stores = await Promise.all(Array.from({ length: 5 }, () => openTestStore(server)));
    expect(server.storage.collections.size).toBe(1);
    for (const [index, store] of stores.entries()) {
      expectOk(await store.upsert([createPoint(String(index), vector())]));
    }
    for (const store of stores) expect(expectOk(await store.count())).toBe(5);
  });

  it('keeps the search space of a collection, whatever a later one wants', async () => {
    const server = await startTestQdrant();
    const searchSpace = createTestSpace();
    await openTestStore(server, { searchSpace });
    for (const wanted of [null, createTestSpace(2)]) {
      const store = await openTestStore(server, { searchSpace: wanted });
      expect(expectOk(await store.describe()).searchSpace?.id).toBe(searchSpace.id);
    }
  });

  it('finishes what was left without its alias, as long as it is empty', async () => {
    const server = await startTestQdrant();
    const store = await openTestStore(server);
    server.storage.aliases.clear();
    await openTestStore(server);
    expect(server.storage.collections.size).toBe(1);
    expectOk(await store.upsert([createPoint('1', vector())]));
    server.storage.aliases.clear();
    const adrift = expectFailure(await createQdrantStore(storeOptions(server)));
    expect(adrift.code).toBe('index_unusable');
    expect(adrift.detail).toContain('images__test-model-1__1');
  });

  it('leaves a collection alone that another program made', async () => {
    const server = await startTestQdrant();
    await openTestStore(server);
    const [name = ''] = server.storage.collections.keys();
    const foreign = await createQdrantStore(storeOptions(server, { collection: name }));
    expect(expectFailure(foreign).code).toBe('index_unusable');
    expect(server.storage.collections.size).toBe(1);
  });

  it('fails within the deadline, with what to look at, where there is no Qdrant', async () => {
    const server = await startTestQdrant();
    await server.faults.refuse();
    const refused = expectFailure(await createQdrantStore(storeOptions(server)));
    expect(refused.code).toBe('store_unavailable');
    expect(refused.detail).toMatch(/QDRANT_HOST/);
    await server.faults.accept();
    server.faults.hang();
    const options = storeOptions(server, { timeoutMs: 60 });
    expect(expectFailure(await createQdrantStore(options)).code).toBe('timeout');
  });

  it.each(['1.16', '1.17', '1.18', '1.19'] as const)('works with version %s', async (version) => {
    const store = await openTestStore(await startTestQdrant({ version }));
    expectOk(await store.upsert([createPoint('1', vector())]));
    expect(expectOk(await store.query({ vector: vector(), limit: 1 }))).toHaveLength(1);
  });
});
