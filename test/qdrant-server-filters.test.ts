import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  clientsOf,
  condition,
  exceptKeywords,
  field,
  idsOf,
  keyword,
  nearest,
  newCollection,
  pointId,
  upsert,
  variant,
  vectors,
  printed,
} from './support/qdrant-plain.ts';
import type { QdrantClients } from './support/qdrant-protocol.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';

// What meets a filter, as Qdrant takes it.

let qdrant: RunningQdrant;
let clients: QdrantClients;

beforeAll(async () => {
  qdrant = await startQdrant({ restPort: 0 });
  clients = clientsOf(qdrant);
});
afterEach(() => qdrant.faults.heal());
afterAll(() => qdrant.stop());

describe('filters', () => {
  const integer = (value: number) => ({ kind: { case: 'integerValue', value: BigInt(value) } });
  const double = (value: number) => ({ kind: { case: 'doubleValue', value } });
  const string = (value: string) => ({ kind: { case: 'stringValue', value } });
  const list = (...values: unknown[]) => ({ kind: { case: 'listValue', value: { values } } });
  const struct = (fields: object) => ({ kind: { case: 'structValue', value: { fields } } });
  let name: string;

  beforeAll(async () => {
    name = await newCollection(clients, { vectorsConfig: vectors(2) });
    const payloads = [
      { n: integer(1) },
      { n: double(1) },
      { n: string('1') },
      { n: list(integer(1), string('x')) },
      { n: list() },
      { n: { kind: { case: 'nullValue', value: 0 } } },
      {},
      { n: struct({ m: integer(1) }), 'n.m': integer(2) },
      { 'n.m': integer(1) },
    ];
    await upsert(
      clients,
      name,
      payloads.map((payload, at) => ({ id: BigInt(at + 1), vector: [1, 0], payload })),
    );
  });

  it.each([
    [
      'an integer meets integers alone',
      field('n', { match: { matchValue: variant('integer', 1n) } }),
      '1 4',
    ],
    ['a keyword meets strings alone', keyword('n', '1'), '3'],
    ['a range meets numbers of both kinds', field('n', { range: { gte: 1, lt: 2 } }), '1 2 4'],
    ['except meets every other value that is there', exceptKeywords('n', 'x'), '1 2 3 4 8'],
    ['nothing, null and an empty list are empty', condition('isEmpty', { key: 'n' }), '5 6 7 9'],
    ['only null is null', condition('isNull', { key: 'n' }), '6'],
    [
      'a dot goes into an object',
      field('n.m', { match: { matchValue: variant('integer', 1n) } }),
      '8',
    ],
    ['quotes keep a dot', field('"n.m"', { match: { matchValue: variant('integer', 1n) } }), '9'],
    ['ids', condition('hasId', { hasId: [pointId(2n), pointId(99n)] }), '2'],
  ])('%s', async (_, met, expected) => {
    const { result } = await clients.points.scroll({
      collectionName: name,
      filter: { must: [met as never] },
      limit: 100,
    });
    expect(idsOf(result).join(' ')).toBe(expected);
    const others = await clients.points.count({
      collectionName: name,
      filter: { mustNot: [met as never] },
    });
    expect(Number(others.result?.count)).toBe(9 - result.length);
  });

  it('take should, and a least number of conditions', async () => {
    const is = (value: bigint) => condition('hasId', { hasId: [pointId(value)] }) as never;
    const below = field('n', { range: { lte: 1 } }) as never;
    const ids = async (filter: object) =>
      idsOf((await clients.points.scroll({ collectionName: name, filter })).result).join(' ');
    expect(await ids({ should: [is(1n), is(7n)] })).toBe('1 7');
    expect(await ids({ must: [below], should: [is(1n), is(7n)] })).toBe('1');
    expect(await ids({ minShould: { conditions: [below, is(1n), is(7n)], minCount: 2n } })).toBe(
      '1',
    );
  });

  it('see only what an index has where there is one', async () => {
    const index = (fieldType: number) =>
      clients.points.createFieldIndex({ collectionName: name, fieldName: 'n', fieldType });
    const meeting = async (met: unknown) =>
      idsOf(
        (
          await clients.points.scroll({
            collectionName: name,
            filter: { must: [met as never] },
          })
        ).result,
      ).join(' ');
    await index(1);
    expect(await meeting(field('n', { range: { gte: 1 } }))).toBe('1 4');
    await index(0);
    expect(await meeting(exceptKeywords('n', 'x'))).toBe('3');
    await clients.points.deleteFieldIndex({ collectionName: name, fieldName: 'n' });
  });
});

describe('strict mode', () => {
  it('forbids what it says it does', async () => {
    const name = await newCollection(clients, {
      strictModeConfig: {
        enabled: true,
        maxQueryLimit: 5,
        searchMaxHnswEf: 100,
        unindexedFilteringRetrieve: false,
        upsertMaxBatchsize: 2n,
      },
    });
    const ask = (more: object) =>
      clients.points.query({ collectionName: name, query: nearest([1, 0, 0, 0]), ...more });
    await ask({ limit: 5n, params: { hnswEf: 100n } });
    await expect(ask({ limit: 6n })).rejects.toThrow(
      printed(Code.InvalidArgument, 'Bad request: Limit exceeded 6 > 5 for "limit"'),
    );
    await expect(ask({ limit: 1n, params: { hnswEf: 101n } })).rejects.toThrow(
      printed(Code.InvalidArgument, 'hnsw_ef'),
    );
    const filter = { must: [keyword('kind', 'a')] };
    await expect(ask({ limit: 1n, filter })).rejects.toThrow(
      printed(
        Code.InvalidArgument,
        'Index required but not found for "kind" of one of the following types: [keyword]',
      ),
    );
    await clients.points.createFieldIndex({
      collectionName: name,
      fieldName: 'kind',
      fieldType: 0,
    });
    await ask({ limit: 1n, filter });
    const three = [1n, 2n, 3n].map((id) => ({ id, vector: [1, 0, 0, 0] }));
    await expect(upsert(clients, name, three)).rejects.toThrow(
      printed(Code.InvalidArgument, 'Limit exceeded 3 > 2'),
    );
  });
});
