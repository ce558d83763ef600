import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  clientsOf,
  countOf,
  idsOf,
  keyword,
  nearest,
  newCollection,
  pointId,
  printed,
  scrollAll,
  upsert,
  vectors,
} from './support/qdrant-plain.ts';
import type { QdrantClients } from './support/qdrant-protocol.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';

// The adapter is tested against this server, so what it says must be what Qdrant says. Here plain
// clients speak to it.

let qdrant: RunningQdrant;
let clients: QdrantClients;

beforeAll(async () => {
  qdrant = await startQdrant({ restPort: 0 });
  clients = clientsOf(qdrant);
});
afterEach(() => qdrant.faults.heal());
afterAll(() => qdrant.stop());

describe('collections', () => {
  it('are made with what was asked and the defaults, and found again', async () => {
    const name = await newCollection(clients, {
      shardNumber: 2,
      hnswConfig: { m: 24n },
      metadata: { model: { kind: { case: 'stringValue', value: 'demo' } } },
    });
    const { result } = await clients.collections.get({ collectionName: name });
    expect(result?.config?.hnswConfig).toMatchObject({ m: 24n, efConstruct: 100n });
    expect(result?.config?.params).toMatchObject({ shardNumber: 2, replicationFactor: 1 });
    expect(result?.config?.metadata['model']?.kind.value).toBe('demo');
    expect(result?.pointsCount).toBe(0n);
  });

  it('keep their metadata when some of it is updated', async () => {
    const text = (value: string) => ({ kind: { case: 'stringValue' as const, value } });
    const name = await newCollection(clients, {
      metadata: { a: text('1'), b: text('2'), c: text('3') },
    });
    await clients.collections.update({
      collectionName: name,
      metadata: { b: text('4'), c: { kind: { case: 'nullValue', value: 0 } } },
    });
    const { result } = await clients.collections.get({ collectionName: name });
    const metadata = Object.entries(result?.config?.metadata ?? {});
    expect(metadata.map(([key, { kind }]) => [key, kind.value])).toEqual([
      ['a', '1'],
      ['b', '4'],
    ]);
  });

  it('are missed and taken in the words of Qdrant', async () => {
    const name = await newCollection(clients);
    await expect(clients.collections.get({ collectionName: 'none' })).rejects.toThrow(
      printed(Code.NotFound, "Not found: Collection `none` doesn't exist!"),
    );
    await expect(
      clients.collections.create({ collectionName: name, vectorsConfig: vectors() }),
    ).rejects.toThrow(
      printed(Code.AlreadyExists, `Wrong input: Collection \`${name}\` already exists!`),
    );
    const gone = await clients.collections.delete({ collectionName: 'none' });
    expect(gone.result).toBe(false);
  });

  it('change their aliases all at once, or not at all', async () => {
    const [one, other] = [await newCollection(clients), await newCollection(clients)];
    const point = (aliasName: string, collectionName: string) => ({
      action: { case: 'createAlias' as const, value: { aliasName, collectionName } },
    });
    await clients.collections.updateAliases({ actions: [point('main', one)] });
    await expect(
      clients.collections.updateAliases({ actions: [point('main', other), point('x', 'none')] }),
    ).rejects.toThrow(printed(Code.NotFound, "Not found: Collection `none` doesn't exist!"));
    const { aliases } = await clients.collections.listAliases({});
    expect(aliases).toMatchObject([{ aliasName: 'main', collectionName: one }]);
    await clients.collections.updateAliases({ actions: [point('main', other)] });
    const own = await clients.collections.listCollectionAliases({ collectionName: other });
    expect(own.aliases).toHaveLength(1);
    await clients.collections.delete({ collectionName: other });
    const { result } = await clients.collections.collectionExists({ collectionName: 'main' });
    expect(result?.exists).toBe(false);
  });

  it('of an older server do not know what came later', async () => {
    const older = await startQdrant({ version: '1.18' });
    const old = clientsOf(older);
    expect((await old.service.healthCheck({})).version).toBe('1.18.0');
    await old.collections.create({
      collectionName: 'c',
      vectorsConfig: vectors(),
      hnswConfig: { m: 8n, memory: 3 },
    });
    const { result } = await old.collections.get({ collectionName: 'c' });
    expect(result?.config?.hnswConfig).toMatchObject({ m: 8n });
    expect(result?.config?.hnswConfig?.memory).toBeUndefined();
    await older.stop();
  });
});

describe('points', () => {
  it('of a cosine collection come back at unit length, of a dot collection as they were', async () => {
    for (const [distance, expected] of [
      [1, [0.6, 0.8, 0]],
      [3, [3, 4, 0]],
    ] as const) {
      const name = await newCollection(clients, { vectorsConfig: vectors(3, distance) });
      await upsert(clients, name, [{ id: 1n, vector: [3, 4, 0] }]);
      const [point] = await scrollAll(clients, name);
      expect(point?.vector).toEqual(expected.map(Math.fround));
    }
  });

  it('are found by nearness, from an offset, above a score', async () => {
    const name = await newCollection(clients, { vectorsConfig: vectors(2) });
    const at = (angle: number) => [Math.cos(angle), Math.sin(angle)];
    await upsert(clients, name, [
      { id: 3n, vector: at(0.3) },
      { id: 1n, vector: at(0.1) },
      { id: 2n, vector: at(0.2) },
      { id: 9n, vector: at(3) },
    ]);
    const ask = (more: object) =>
      clients.points.query({ collectionName: name, query: nearest(at(0)), ...more });
    expect(idsOf((await ask({})).result)).toEqual(['1', '2', '3', '9']);
    expect(idsOf((await ask({ limit: 2n, offset: 1n })).result)).toEqual(['2', '3']);
    expect(idsOf((await ask({ scoreThreshold: 0.9 })).result)).toEqual(['1', '2', '3']);
    const [best] = (await ask({ limit: 1n })).result;
    expect((await ask({ scoreThreshold: best?.score })).result).toEqual([]);
    expect((await ask({ limit: 1n })).result[0]?.score).toBeCloseTo(Math.cos(0.1), 6);
    const { request } = qdrant.calls.at(-1) ?? {};
    expect(request).toMatchObject({ collectionName: name, limit: 1n });
  });

  it('are scrolled in the order of their ids, large ones exact, UUIDs last', async () => {
    const name = await newCollection(clients, { vectorsConfig: vectors(2) });
    const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const ids = [18_446_744_073_709_551_615n, 9n, 9_007_199_254_740_993n, 10n];
    await upsert(clients, name, [
      { id: uuid, vector: [1, 0] },
      ...ids.map((id) => ({ id, vector: [1, 0] })),
    ]);
    const points = await scrollAll(clients, name, 2);
    expect(points.map(({ id }) => id)).toEqual([
      '9',
      '10',
      '9007199254740993',
      '18446744073709551615',
      uuid,
    ]);
  });

  it('of a wrong length are refused, all of the request with them', async () => {
    const name = await newCollection(clients, { vectorsConfig: vectors(4) });
    const words = 'Wrong input: Vector dimension error: expected dim: 4, got 3';
    const wrong = upsert(clients, name, [
      { id: 1n, vector: [1, 0, 0, 0] },
      { id: 2n, vector: [1, 0, 0] },
    ]);
    await expect(wrong).rejects.toThrow(printed(Code.InvalidArgument, words));
    expect(await countOf(clients, name)).toBe(0);
    const query = clients.points.query({ collectionName: name, query: nearest([1, 0, 0]) });
    await expect(query).rejects.toThrow(printed(Code.InvalidArgument, words));
  });

  it('go by id and by filter', async () => {
    const name = await newCollection(clients, { vectorsConfig: vectors(2) });
    const payload = (kind: string) => ({ kind: { kind: { case: 'stringValue', value: kind } } });
    await upsert(clients, name, [
      { id: 1n, vector: [1, 0], payload: payload('a') },
      { id: 2n, vector: [1, 0], payload: payload('b') },
      { id: 3n, vector: [1, 0], payload: payload('b') },
    ]);
    const remove = (pointsSelectorOneOf: never) =>
      clients.points.delete({ collectionName: name, points: { pointsSelectorOneOf } });
    await remove({
      case: 'points',
      value: { ids: [pointId(1n), pointId(77n)] },
    } as never);
    expect(await countOf(clients, name)).toBe(2);
    await remove({ case: 'filter', value: { must: [keyword('kind', 'b')] } } as never);
    expect(await countOf(clients, name)).toBe(0);
  });
});

describe('snapshots', () => {
  it('leave and enter as files, over REST', async () => {
    const name = await newCollection(clients, { vectorsConfig: vectors(2) });
    await upsert(clients, name, [
      { id: 5n, vector: [3, 4], payload: { n: { kind: { case: 'integerValue', value: 7n } } } },
    ]);
    const rest = `http://127.0.0.1:${qdrant.restPort}/collections`;
    const post = (path: string, body?: FormData) =>
      fetch(`${rest}/${path}`, body === undefined ? { method: 'POST' } : { method: 'POST', body });
    const made = (await (await post(`${name}/snapshots`)).json()) as {
      readonly result: { readonly name: string; readonly size: number };
    };
    const file = await (await fetch(`${rest}/${name}/snapshots/${made.result.name}`)).blob();
    expect(file.size).toBe(made.result.size);
    const form = new FormData();
    form.set('snapshot', file, 'one.snapshot');
    const restored = await post('another/snapshots/upload?priority=snapshot', form);
    expect(restored.status).toBe(200);
    expect(await scrollAll(clients, 'another')).toEqual(await scrollAll(clients, name));
    await fetch(`${rest}/${name}/snapshots/${made.result.name}`, { method: 'DELETE' });
    const none = await fetch(`${rest}/${name}/snapshots/${made.result.name}`);
    expect(none.status).toBe(404);
    await expect(clients.snapshots.list({ collectionName: 'none' })).rejects.toThrow(
      printed(Code.NotFound, "doesn't exist"),
    );
  });
});
