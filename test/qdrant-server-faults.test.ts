import { Code, ConnectError } from '@connectrpc/connect';
import { QdrantClient } from '@qdrant/js-client-grpc';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  clientsOf,
  countOf,
  newCollection,
  printed,
  upsert,
  vectors,
} from './support/qdrant-plain.ts';
import type { QdrantClients } from './support/qdrant-protocol.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';

// The server can be broken in the ways that a server breaks, and is whole again when it is healed.

let qdrant: RunningQdrant;
let clients: QdrantClients;

beforeAll(async () => {
  qdrant = await startQdrant({ restPort: 0 });
  clients = clientsOf(qdrant);
});
afterEach(() => qdrant.faults.heal());
afterAll(() => qdrant.stop());

describe('keys, deadlines and faults', () => {
  it('asks for the key, and lets a reading key read', async () => {
    const locked = await startQdrant({ apiKey: 'secret', readOnlyApiKey: 'reader' });
    const list = (apiKey?: string) => clientsOf(locked, apiKey).collections.list({});
    await expect(list()).rejects.toThrow(printed(Code.Unauthenticated, 'Must provide an API key'));
    await expect(list('wrong')).rejects.toThrow(printed(Code.Unauthenticated, 'Invalid API key'));
    await list('secret');
    await list('reader');
    const create = clientsOf(locked, 'reader').collections.create({
      collectionName: 'c',
      vectorsConfig: vectors(),
    });
    await expect(create).rejects.toThrow(printed(Code.PermissionDenied, 'Forbidden'));
    await locked.stop();
  });

  it('ends a call whose deadline passes, and hears of it', async () => {
    qdrant.faults.delay(60_000);
    const call = clients.collections.list({}, { timeoutMs: 60 });
    await expect(call).rejects.toThrow(printed(Code.DeadlineExceeded, ''));
    expect(qdrant.calls.at(-1)).toMatchObject({ method: 'Collections.List', timeoutMs: 60 });
  });

  it('hangs, breaks, goes and comes back on its port', async () => {
    qdrant.faults.hang();
    await expect(clients.collections.list({}, { timeoutMs: 50 })).rejects.toThrow(
      printed(Code.DeadlineExceeded, ''),
    );
    await qdrant.faults.heal();
    qdrant.faults.delay(60_000);
    const before = qdrant.calls.length;
    const broken = clients.collections
      .list({})
      .catch((reason: unknown) => ConnectError.from(reason));
    await expect.poll(() => qdrant.calls.length).toBeGreaterThan(before);
    qdrant.faults.breakConnections();
    expect(await broken).toBeInstanceOf(ConnectError);
    await qdrant.faults.refuse();
    const refused = clientsOf(qdrant).collections.list({});
    await expect(refused).rejects.toThrow(printed(Code.Unavailable, 'ECONNREFUSED'));
    await qdrant.faults.heal();
    await clientsOf(qdrant).collections.list({});
  });

  it('refuses writes for want of room or of leave, and goes on reading', async () => {
    const name = await newCollection(clients);
    const write = () => upsert(clients, name, [{ id: 1n, vector: [1, 0, 0, 0] }]);
    qdrant.faults.full();
    await expect(write()).rejects.toThrow(printed(Code.Internal, 'No space left on device'));
    qdrant.faults.full('memory');
    await expect(write()).rejects.toThrow(printed(Code.InvalidArgument, 'Resident memory usage'));
    await clients.points.delete({
      collectionName: name,
      points: { pointsSelectorOneOf: { case: 'points', value: { ids: [] } } },
    });
    await qdrant.faults.heal();
    qdrant.faults.readOnly();
    await expect(write()).rejects.toThrow(printed(Code.PermissionDenied, 'Forbidden'));
    expect(await countOf(clients, name)).toBe(0);
  });

  it('fails as often as it was told to, of the method it was told', async () => {
    qdrant.faults.failNext(Code.Unavailable, 'away', 2, 'Collections.ListAliases');
    await clients.collections.list({});
    await expect(clients.collections.listAliases({})).rejects.toThrow(
      printed(Code.Unavailable, 'away'),
    );
    await expect(clients.collections.listAliases({})).rejects.toThrow(
      printed(Code.Unavailable, 'away'),
    );
    await clients.collections.listAliases({});
  });

  it('limits the rate as the official client understands it', async () => {
    qdrant.faults.rateLimit(7);
    const official = new QdrantClient({
      url: qdrant.url,
      checkCompatibility: false,
      compression: false,
    });
    const wrapped = await official
      .api('collections')
      .list({})
      .catch((reason: unknown) => reason);
    expect(wrapped).toMatchObject({ cause: { retry_after: 7 } });
    const direct = await clients.collections.list({}).catch((reason: unknown) => reason);
    expect(ConnectError.from(direct).metadata.get('retry-after')).toBe('7');
  });

  it('loses a collection with its aliases, and finds them again', async () => {
    const name = await newCollection(clients);
    await clients.collections.updateAliases({
      actions: [
        { action: { case: 'createAlias', value: { aliasName: 'lost', collectionName: name } } },
      ],
    });
    qdrant.faults.dropCollection('lost');
    await expect(clients.points.count({ collectionName: 'lost' })).rejects.toThrow(
      printed(Code.NotFound, 'lost'),
    );
    qdrant.faults.restoreCollections();
    expect(await countOf(clients, 'lost')).toBe(0);
  });
});

describe('a cluster', () => {
  it('answers while each shard has a replica, and catches up what comes back', async () => {
    const running = await startQdrant({ cluster: { nodes: 3 } });
    const cluster = clientsOf(running);
    const { collections } = cluster;
    await collections.create({
      collectionName: 'c',
      vectorsConfig: vectors(2),
      shardNumber: 3,
      replicationFactor: 2,
    });
    const ids = Array.from({ length: 30 }, (_, at) => BigInt(at));
    await upsert(
      cluster,
      'c',
      ids.slice(0, 20).map((id) => ({ id, vector: [1, 0] })),
    );
    running.faults.nodeDown(0);
    expect(await countOf(cluster, 'c')).toBe(20);
    await upsert(
      cluster,
      'c',
      ids.slice(20).map((id) => ({ id, vector: [1, 0] })),
    );
    running.faults.nodeDown(1);
    await expect(countOf(cluster, 'c')).rejects.toThrow(
      printed(Code.Internal, 'does not have enough active replicas'),
    );
    // What was written while the first was away is on it now as well, but for shards whose only
    // other replica is away too.
    running.faults.nodeUp(1);
    running.faults.nodeUp(0);
    running.faults.nodeDown(1);
    for (let turn = 0; turn < 4; turn++) expect(await countOf(cluster, 'c')).toBe(30);
    const info = await collections.collectionClusterInfo({ collectionName: 'c' });
    expect(info.shardCount).toBe(3n);
    expect(info.remoteShards.filter(({ state }) => state === 1)).toHaveLength(2);
    await running.stop();
  });

  it('writes only where enough replicas can', async () => {
    const running = await startQdrant({ cluster: { nodes: 2 } });
    const cluster = clientsOf(running);
    const { collections } = cluster;
    const collectionName = 'c';
    await collections.create({
      collectionName,
      vectorsConfig: vectors(2),
      shardNumber: 1,
      replicationFactor: 2,
      writeConsistencyFactor: 2,
    });
    const write = () => upsert(cluster, collectionName, [{ id: 1n, vector: [1, 0] }]);
    await write();
    running.faults.nodeDown(1);
    await expect(write()).rejects.toThrow(printed(Code.Internal, 'Service internal error'));
    await collections.update({ collectionName, params: { writeConsistencyFactor: 1 } });
    await write();
    await running.stop();
  });

  it('waits for a slow node, unless another is asked as well', async () => {
    const running = await startQdrant({ cluster: { nodes: 2 } });
    const cluster = clientsOf(running);
    const { collections, points } = cluster;
    const collectionName = 'c';
    await collections.create({
      collectionName,
      vectorsConfig: vectors(2),
      shardNumber: 1,
      replicationFactor: 2,
    });
    running.faults.nodeSlow(0, 60_000);
    const read = () => points.count({ collectionName }, { timeoutMs: 1500 });
    const first = await Promise.allSettled([read(), read(), read(), read()]);
    expect(first.filter(({ status }) => status === 'rejected')).toHaveLength(2);
    await collections.update({ collectionName, params: { readFanOutFactor: 1 } });
    await Promise.all([read(), read(), read(), read()]);
    await running.stop();
  });
});
