import { type Failure, abortFailure } from '../core/failure.ts';
import { matchesFilter } from '../core/filter.ts';
import { compareIds } from '../core/image-id.ts';
import type { ImageRecord, Vector } from '../core/model.ts';
import type { Match, Point, VectorQuery, VectorStore } from '../core/ports.ts';
import { type Result, err, ok } from '../core/result.ts';
import { checkLength } from '../core/vector-length.ts';

interface MemoryStoreOptions {
  readonly collection?: string;
  readonly dimensions: number;
}

interface Contents {
  points: Map<string, Point>;
  dimensions: number;
}

/** Everything in memory, every search exact: for tests, and the meaning of a `VectorStore`. */
export function createMemoryStore({
  collection = 'memory',
  dimensions,
}: MemoryStoreOptions): VectorStore {
  const contents: Contents = { points: new Map(), dimensions };
  return {
    kind: 'memory',
    ...createReads(contents, collection),
    async upsert(added) {
      for (const { vector } of added) checkLength(vector, contents.dimensions);
      for (const { record, vector } of added) {
        const point = { record: structuredClone(record), vector: vector.slice() };
        contents.points.set(record.id, point);
      }
      return ok(undefined);
    },
    async remove(ids) {
      for (const id of ids) contents.points.delete(id);
      return ok(undefined);
    },
    optimize: async () => ok(undefined),
    setEffort: async () => ok(undefined),
    async succeed({ model }) {
      const store = createMemoryStore({ collection, dimensions: model.dimensions });
      async function publish() {
        const points = new Map<string, Point>();
        for await (const page of store.scanPoints()) {
          if (page.ok) for (const point of page.value) points.set(point.record.id, point);
        }
        Object.assign(contents, { points, dimensions: model.dimensions });
        return ok(undefined);
      }
      return ok({ store, publish, discard: async () => ok(undefined) });
    },
    close: async () => {},
  };
}

function createReads(
  contents: Contents,
  collection: string,
): Pick<VectorStore, 'query' | 'get' | 'vectors' | 'count' | 'scan' | 'scanPoints' | 'describe'> {
  const known = (ids: readonly string[]) => ids.flatMap((id) => contents.points.get(id) ?? []);
  return {
    async query(query) {
      checkLength(query.vector, contents.dimensions);
      if (query.signal?.aborted) return err(abortFailure(query.signal));
      return ok(nearest(Array.from(contents.points.values()), query));
    },
    get: async (ids) => ok(known(ids).map(({ record }) => record)),
    vectors: async (ids) =>
      ok(new Map(known(ids).map(({ record, vector }) => [record.id, vector.slice()]))),
    count: async () => ok(contents.points.size),
    scan: (signal) => recordPages(contents.points, signal),
    scanPoints: (signal) => pages(contents.points, signal),
    describe: async () => ok({ ...asSearched, collection, vectorsCount: contents.points.size }),
  };
}

const asSearched = {
  status: 'green',
  indexed: 1,
  effort: { exact: true, ef: 0, oversampling: 1 },
  searchSpace: null,
} as const;

function nearest(
  points: readonly Point[],
  { vector, limit, filter = [], scoreThreshold = -1 }: VectorQuery,
): Match[] {
  return points
    .filter(({ record }) => matchesFilter(record.metadata, filter))
    .map((point) => ({ record: point.record, score: dot(point.vector, vector) }))
    .filter(({ score }) => score >= scoreThreshold)
    .sort((a, b) => b.score - a.score || compareIds(a.record.id, b.record.id))
    .slice(0, limit);
}

async function* recordPages(
  points: ReadonlyMap<string, Point>,
  signal?: AbortSignal,
): AsyncGenerator<Result<ImageRecord[], Failure>> {
  for await (const page of pages(points, signal)) {
    yield page.ok ? ok(page.value.map(({ record }) => record)) : page;
  }
}

async function* pages(
  points: ReadonlyMap<string, Point>,
  signal?: AbortSignal,
): AsyncGenerator<Result<Point[], Failure>> {
  const all = Array.from(points.values());
  for (let start = 0; start < all.length; start += 256) {
    if (signal?.aborted) return yield err(abortFailure(signal));
    yield ok(all.slice(start, start + 256));
  }
}

function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (const [index, value] of a.entries()) sum += value * (b[index] ?? 0);
  return sum;
}
