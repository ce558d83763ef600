import type { CollectionShape } from '../../adapters/qdrant-collection.ts';
import { createQdrantStore, type QdrantStoreOptions } from '../../adapters/qdrant-store.ts';
import type { Async, Failure } from '../../core/failure.ts';
import type { Point, VectorStore } from '../../core/ports.ts';
import type { Result } from '../../core/result.ts';
import { storeOptions, testShape } from './open-qdrant.ts';
import { createPoint, randomVector } from './points.ts';
import { seededRandom } from './random.ts';

interface Opening extends Partial<Omit<QdrantStoreOptions, 'shape' | 'address'>> {
  readonly shape?: Partial<CollectionShape>;
  readonly apiKey?: string;
}

export const dimensions = 8;

/** The adapter on the server of this port, with a model of 8 dimensions. */
export function openQdrant(
  port: number,
  { shape, apiKey, ...more }: Opening = {},
): Async<VectorStore> {
  const host = '127.0.0.1';
  return createQdrantStore(
    storeOptions(
      { host, port },
      {
        address: { host, port, apiKey },
        model: { id: 'test', revision: '1', dimensions },
        shape: { ...testShape, ...shape },
        ...more,
      },
    ),
  );
}

/** Points of ids from 1 on, in random directions. */
export function manyPoints(count: number, firstId = 1): Point[] {
  const random = seededRandom(firstId);
  return Array.from({ length: count }, (_, at) =>
    createPoint(String(firstId + at), randomVector(random, dimensions)),
  );
}

export const reads = ['query', 'get', 'vectors', 'count', 'describe', 'scan'] as const;
export const writes = ['upsert', 'remove'] as const;
type Operation = (typeof reads)[number] | (typeof writes)[number];

/** Each of these on a store, about one of its points, at once. */
export async function tryAll(
  store: VectorStore,
  about: Point,
  operations: readonly Operation[],
): Promise<Record<string, Result<unknown, Failure>>> {
  const { id } = about.record;
  const actions: Record<Operation, () => Async<unknown>> = {
    query: () => store.query({ vector: about.vector, limit: 3 }),
    get: () => store.get([id]),
    vectors: () => store.vectors([id]),
    count: () => store.count(),
    describe: () => store.describe(),
    scan: () => firstFailure(store),
    upsert: () => store.upsert([about]),
    // An id that there is not: what the tests count stays.
    remove: () => store.remove(['999999999']),
  };
  const tried = await Promise.all(
    operations.map(async (name) => [name, await actions[name]()] as const),
  );
  return Object.fromEntries(tried);
}

/** `ok` or the failure's code, of each. */
export function codesOf(
  tried: Readonly<Record<string, Result<unknown, Failure>>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tried).map(([name, one]) => [name, one.ok ? 'ok' : one.error.code]),
  );
}

/** The same code for all. */
export function all(names: readonly string[], code: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, code]));
}

async function firstFailure(store: VectorStore): Async<number> {
  let records = 0;
  for await (const page of store.scan()) {
    if (!page.ok) return page;
    records += page.value.length;
  }
  return { ok: true, value: records };
}
