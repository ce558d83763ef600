import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { CollectionInfo, ModelInfo, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { type Engine, createEngine } from './embedded-engine.ts';
import { openCollection } from './embedded-opening.ts';
import { chunks, getRecords, getVectors, scanRecords } from './embedded-records.ts';
import { search } from './embedded-search.ts';

export interface EmbeddedStoreOptions {
  /** `DATA_DIR`: holds a folder per collection. */
  readonly directory: string;
  readonly collection: string;
  /** What makes the vectors; an index of another model is refused. */
  readonly model: Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;
  /** `QDRANT_HNSW_M`: links of a vector in the graph. Taken when the collection is made. */
  readonly m?: number | undefined;
  /** `QDRANT_HNSW_EF_CONSTRUCT`: candidates when the graph is built. Taken when it is made. */
  readonly efConstruct?: number | undefined;
  /** `QDRANT_HNSW_EF`: candidates of a search. */
  readonly ef?: number | undefined;
  /** Up to this many vectors a search looks at every one, and misses none. */
  readonly exactUpTo?: number | undefined;
}

/** Documents in one write: a few milliseconds, the longest that this thread may stand still. */
const writeSize = 16;

/**
 * A `VectorStore` in this process, in files below `directory`; one process at a time. `close`
 * waits for what is going on, `optimize` too; a process killed instead loses nothing.
 * Fails with `model_mismatch`, `index_locked` or `index_unusable` when it cannot be opened.
 */
export async function createEmbeddedStore({
  directory,
  collection,
  model,
  m = 16,
  efConstruct = 200,
  ef = 512,
  exactUpTo = 30_000,
}: EmbeddedStoreOptions): Async<VectorStore> {
  const opened = await openCollection({ directory, collection, model, graph: { m, efConstruct } });
  if (!opened.ok) return opened;
  const engine = createEngine(opened.value);
  // Counted along and not asked for at every search, as zvec locks searches out while it counts.
  let size = opened.value.current().stats.docCount;
  const count = () => engine.look(({ stats }) => stats.docCount);
  return ok({
    kind: 'embedded',
    async query(query) {
      checkLength(query.vector, model.dimensions);
      return search(engine, query, { exact: size <= exactUpTo, ef });
    },
    get: (ids) => getRecords(engine, ids),
    vectors: (ids) => getVectors(engine, ids),
    async upsert(points) {
      for (const { vector } of points) checkLength(vector, model.dimensions);
      size += points.length;
      return engine.write(chunks(points, writeSize).map((upsert) => ({ upsert })));
    },
    remove: async (ids) => engine.write(chunks(ids, writeSize).map((remove) => ({ remove }))),
    count,
    scan: (signal) => scanRecords(engine, size, signal),
    describe: () => describe(engine, collection),
    async optimize() {
      const optimized = await engine.optimize();
      const counted = await count();
      if (counted.ok) size = counted.value;
      return optimized;
    },
    close: () => engine.close(),
  });
}

async function describe(engine: Engine, collection: string): Async<CollectionInfo> {
  const stats = await engine.look((zvec) => zvec.stats);
  if (!stats.ok) return stats;
  const { docCount, indexCompleteness } = stats.value;
  const indexed = indexCompleteness['embedding'] ?? 0;
  return ok({
    collection,
    vectorsCount: docCount,
    status: docCount * (1 - indexed) <= fastUnindexed ? 'green' : 'yellow',
    indexed,
  });
}

/** So many vectors are searched without a graph in a millisecond or two. */
const fastUnindexed = 10_000;

function checkLength(vector: Vector, dimensions: number): void {
  if (vector.length === dimensions) return;
  throw new Error(
    `Cannot use a vector as its length is not that of the collection, ${dimensions}: ${vector.length}`,
  );
}
