import path from 'node:path';
import type { Async } from '../core/failure.ts';
import type { ModelInfo, SuccessorSpec, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { serializeSearchSpace } from '../core/search-space.ts';
import { checkLength } from '../core/vector-length.ts';
import { type SearchEffort, createSearchEffort } from './embedded-effort.ts';
import type { Engine } from './embedded-engine.ts';
import { type Lifetime, createLifetime } from './embedded-lifetime.ts';
import type { SpaceMaker } from './embedded-moving.ts';
import { getRecords, getVectors, lookWhile, scanPoints, scanRecords } from './embedded-records.ts';
import { search } from './embedded-search.ts';
import { createSuccessor } from './embedded-successor.ts';
import { openEngineThread } from './embedded-thread.ts';
import { type Writer, createWriter } from './embedded-writer.ts';

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
  /** `QDRANT_HNSW_EF`: candidates of a search; otherwise what was kept with the collection. */
  readonly ef?: number | undefined;
  /** Up to so many vectors a search looks at every one, and misses none; with a filter three times as many. */
  readonly exactUpTo?: number | undefined;
  /** The search space of a collection that is made now. */
  readonly newSpace?: SearchSpace | null | undefined;
  /** Makes a space for a collection that has none and has outgrown `exactUpTo`. */
  readonly searchSpace?: SpaceMaker | null | undefined;
}

/**
 * A `VectorStore` in this process, in files below `directory`; one process at a time. `close`
 * waits for what is going on, `optimize` too; a process killed instead loses nothing.
 * Fails with `model_mismatch`, `index_locked` or `index_unusable` when it cannot be opened.
 */
export async function createEmbeddedStore(options: EmbeddedStoreOptions): Async<VectorStore> {
  const { directory, collection, model, m = 16, efConstruct = 200 } = options;
  const { exactUpTo = 10_000, ef, newSpace, searchSpace = null } = options;
  const thread = await openEngineThread({
    directory,
    collection,
    model: { id: model.id, revision: model.revision, dimensions: model.dimensions },
    graph: { m, efConstruct },
    newSpace: newSpace ? serializeSearchSpace(newSpace) : undefined,
  });
  if (!thread.ok) return thread;
  const { engine, opened } = thread.value;
  const lifetime = createLifetime();
  const settings = { engine, lifetime, opened, spaceFrom: exactUpTo, spaceMaker: searchSpace };
  const writer = createWriter(settings);
  const effort = createSearchEffort({ kept: opened.effort, ef, exactUpTo, writer });
  return ok(createStore({ options, engine, lifetime, writer, effort }));
}

interface Parts {
  readonly options: EmbeddedStoreOptions;
  readonly engine: Engine;
  readonly lifetime: Lifetime;
  readonly writer: Writer;
  readonly effort: SearchEffort;
}

function createStore({ options, engine, lifetime, writer, effort }: Parts): VectorStore {
  const { directory, collection, model } = options;
  const lookAt = (signal?: AbortSignal) => lookWhile(engine, lifetime, signal);
  const size = (signal?: AbortSignal) => lifetime.attempt(engine.size, signal);
  const store: VectorStore = {
    kind: 'embedded',
    async query(query) {
      checkLength(query.vector, model.dimensions);
      return search(engine, lifetime, query, effort.of(query));
    },
    get: (ids, signal) => getRecords(lookAt(signal), ids),
    vectors: (ids, signal) => getVectors(lookAt(signal), ids),
    async upsert(points, signal) {
      for (const { vector } of points) checkLength(vector, model.dimensions);
      return writer.upsert(points, signal);
    },
    remove: writer.remove,
    count: (signal) => mapped(size(signal), ({ count }) => count),
    scan: (signal) => scanRecords(lookAt(signal), writer.count()),
    scanPoints: (signal) => scanPoints(lookAt(signal), writer.count()),
    describe: (signal) =>
      mapped(size(signal), ({ count, indexed }) => ({
        collection,
        vectorsCount: count,
        status: count * (1 - indexed) <= fastUnindexed ? 'green' : 'yellow',
        indexed,
        effort: effort.of(),
        searchSpace: writer.space() ?? null,
      })),
    optimize: writer.optimize,
    setEffort: effort.keep,
    succeed(spec) {
      const folder = path.join(directory, collection);
      const open = openSuccessor(options, spec);
      return lifetime.attempt(() => createSuccessor({ folder, spec, current: store, open }));
    },
    close: () => lifetime.end(engine.close),
  };
  return store;
}

async function mapped<T, U>(result: Async<T>, map: (value: T) => U): Async<U> {
  const settled = await result;
  return settled.ok ? ok(map(settled.value)) : settled;
}

/** With the settings of the collection whose place it is to take. */
function openSuccessor(options: EmbeddedStoreOptions, { model, searchSpace }: SuccessorSpec) {
  return (place: Pick<EmbeddedStoreOptions, 'directory' | 'collection'>) =>
    createEmbeddedStore({ ...options, ...place, model, newSpace: searchSpace, searchSpace: null });
}

/** So many vectors are searched without a graph in a millisecond or two. */
const fastUnindexed = 10_000;
