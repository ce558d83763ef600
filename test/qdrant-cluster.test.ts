import { afterEach, describe, expect, it } from 'vitest';
import type { CollectionShape } from '../adapters/qdrant-collection.ts';
import type { Point, VectorStore } from '../core/ports.ts';
import { expectFailure, expectOk } from './support/expect-ok.ts';
import { manyPoints, openQdrant } from './support/qdrant-operations.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';

// The adapter on a simulated cluster: shards and replicas on nodes that go down, come back and are slow.

const points = manyPoints(60);
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of running.splice(0).toReversed()) await one.stop();
});

async function openCluster(
  nodes: number,
  shape: Partial<CollectionShape>,
  timeoutMs = 5000,
): Promise<{ readonly qdrant: RunningQdrant; readonly store: VectorStore }> {
  const qdrant = await startQdrant({ cluster: { nodes } });
  running.push(qdrant);
  const store = expectOk(await openQdrant(qdrant.port, { shape, timeoutMs }));
  running.push({ stop: () => store.close() });
  expectOk(await store.upsert(points));
  return { qdrant, store };
}

/** What the ten nearest to each point are, by now. */
async function answers(store: VectorStore, about: readonly Point[] = points) {
  const found = await Promise.all(about.map(({ vector }) => store.query({ vector, limit: 10 })));
  return found.map((one) => expectOk(one).map(({ record }) => record.id));
}

describe('a collection on a cluster', () => {
  it('is spread as the settings say', async () => {
    const { qdrant } = await openCluster(3, {
      shardNumber: 6,
      replicationFactor: 2,
      writeConsistencyFactor: 2,
      readFanOutFactor: 1,
    });
    const [collection] = Array.from(qdrant.storage.collections.values());
    expect(collection?.settings.params).toMatchObject({
      shardNumber: 6,
      replicationFactor: 2,
      writeConsistencyFactor: 2,
      readFanOutFactor: 1,
    });
    expect(collection?.shards.placement).toHaveLength(6);
    for (const nodes of collection?.shards.placement ?? []) expect(new Set(nodes).size).toBe(2);
  });

  it('of two replicas loses no search when a node is lost, whichever it is', async () => {
    const { qdrant, store } = await openCluster(3, { shardNumber: 3, replicationFactor: 2 });
    const before = await answers(store);
    for (const node of [0, 1, 2]) {
      qdrant.faults.nodeDown(node);
      expect(await answers(store)).toEqual(before);
      expect(expectOk(await store.count())).toBe(points.length);
      qdrant.faults.nodeUp(node);
    }
  });

  it('of one replica says that it can not be searched, until the node is back', async () => {
    const { qdrant, store } = await openCluster(3, { shardNumber: 3, replicationFactor: 1 });
    const before = await answers(store, points.slice(0, 5));
    qdrant.faults.nodeDown(1);
    const failed = await store.query({ vector: points[0]?.vector ?? new Float32Array(), limit: 3 });
    // A part of the pictures is no answer.
    expect(expectFailure(failed).code).toBe('store_unavailable');
    qdrant.faults.nodeUp(1);
    expect(await answers(store, points.slice(0, 5))).toEqual(before);
  });

  it('is restarted node by node under load: no search fails, and no picture is lost', async () => {
    const { qdrant, store } = await openCluster(3, { shardNumber: 3, replicationFactor: 2 });
    const stop = new AbortController();
    let searches = 0;
    const searcher = async () => {
      while (!stop.signal.aborted) {
        const [point] = points as [Point];
        const [nearest] = expectOk(await store.query({ vector: point.vector, limit: 5 }));
        expect(nearest?.record.id).toBe(point.record.id);
        searches += 1;
      }
    };
    const searchers = Promise.all(Array.from({ length: 8 }, searcher));
    let added = points.length;
    for (const node of [0, 1, 2, 0, 1, 2]) {
      const from = searches;
      qdrant.faults.nodeDown(node);
      expectOk(await store.upsert(manyPoints(10, added + 1)));
      added += 10;
      await expect.poll(() => searches).toBeGreaterThan(from + 8);
      qdrant.faults.nodeUp(node);
    }
    stop.abort();
    await searchers;
    expect(expectOk(await store.count())).toBe(added);
    // Each node alone has all that the two others have.
    for (const node of [0, 1, 2]) {
      qdrant.faults.nodeDown(node);
      expect(expectOk(await store.count())).toBe(added);
      qdrant.faults.nodeUp(node);
    }
  });
});

describe('writes on a cluster', () => {
  it('that one replica must have go on without the other', async () => {
    const { qdrant, store } = await openCluster(2, { replicationFactor: 2 });
    qdrant.faults.nodeDown(0);
    expectOk(await store.upsert(manyPoints(5, 101)));
    expectOk(await store.remove(points.slice(0, 5).map(({ record }) => record.id)));
    qdrant.faults.nodeUp(0);
    qdrant.faults.nodeDown(1);
    expect(expectOk(await store.count())).toBe(points.length);
    expect(expectOk(await store.get(['1', '101'])).map(({ id }) => id)).toEqual(['101']);
  });

  it('that both must have fail without the other, and succeed when they are repeated', async () => {
    const { qdrant, store } = await openCluster(2, {
      replicationFactor: 2,
      writeConsistencyFactor: 2,
    });
    qdrant.faults.nodeDown(0);
    const added = manyPoints(5, 101);
    expect(expectFailure(await store.upsert(added)).code).toBe('store_unavailable');
    expect(await answers(store, points.slice(0, 5))).toHaveLength(5);
    qdrant.faults.nodeUp(0);
    expectOk(await store.upsert(added));
    expect(expectOk(await store.count())).toBe(points.length + 5);
  });
});

describe('a slow node', () => {
  it('holds up the searches that it is asked for', async () => {
    const { qdrant, store } = await openCluster(2, { replicationFactor: 2 }, 1500);
    qdrant.faults.nodeSlow(0, 60_000);
    const found = await Promise.all(
      points.slice(0, 6).map(({ vector }) => store.query({ vector, limit: 1 })),
    );
    const codes = found.map((one) => (one.ok ? 'ok' : one.error.code));
    expect(new Set(codes)).toEqual(new Set(['ok', 'timeout']));
  });

  it('holds up nobody where another replica is asked at once', async () => {
    const shape = { replicationFactor: 2, readFanOutFactor: 1 };
    const { qdrant, store } = await openCluster(2, shape);
    const before = await answers(store);
    qdrant.faults.nodeSlow(0, 60_000);
    expect(await answers(store)).toEqual(before);
  });
});
