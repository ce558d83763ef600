import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { CollectionInfo, Effort, Logger, VectorQuery, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { checkLength } from '../core/vector-length.ts';
import { countPoints } from './qdrant-aliases.ts';
import { adminOptions } from './qdrant-collection.ts';
import type { QdrantConnection } from './qdrant-connection.ts';
import type { Follower } from './qdrant-follower.ts';
import { effortMetadata, type Generation, type StoredEffort } from './qdrant-metadata.ts';
import { getRecords, getVectors, scanPoints, scanRecords } from './qdrant-reads.ts';
import { search } from './qdrant-search.ts';
import { readStatus, waitUntilGreen } from './qdrant-status.ts';
import { createWriter } from './qdrant-writes.ts';

export interface AccessParts {
  readonly connection: QdrantConnection;
  readonly follower: Follower;
  /** What it is called to the outside: the alias, or a name of its own. */
  readonly collection: string;
  /** `QDRANT_HNSW_EF`: goes before what was tuned for the collection. */
  readonly ef?: number | undefined;
  readonly logger?: Pick<Logger, 'warn'> | undefined;
}

/** In a search space it finds .98 of the ten nearest and more, see docs/decisions. */
const defaultEf = 256;
/** How many candidates are compared in full, for each that is asked for: 8 bits alone lose some. */
const defaultOversampling = 2;

/** Reads and writes of the collection that is followed. */
export function createAccess(parts: AccessParts): Omit<VectorStore, 'succeed' | 'close'> {
  const { connection, follower, logger } = parts;
  const writer = createWriter(connection, follower);
  const read = createReader(follower);
  const check = (vector: Vector) => checkLength(vector, follower.current().model.dimensions);
  return {
    kind: 'qdrant',
    async query(query) {
      check(query.vector);
      return read((at) => search(connection, at, query, effortOf(at, query, parts.ef)));
    },
    get: (ids, signal) => read((at) => getRecords(connection, at, ids, signal)),
    vectors: (ids, signal) => read((at) => getVectors(connection, at, ids, signal)),
    async upsert(points, signal) {
      for (const { vector } of points) check(vector);
      return writer.upsert(points, signal);
    },
    remove: (ids, signal) => writer.remove(ids, signal),
    count: (signal) => read(({ name }) => countPoints(connection, name, { signal })),
    scan: (signal) => scanRecords(connection, follower.current(), signal),
    scanPoints: (signal) => scanPoints(connection, follower.current(), signal),
    describe: (signal) =>
      read(async (at): Async<CollectionInfo> => {
        const status = await readStatus(connection, at, { signal, logger });
        if (!status.ok) return status;
        follower.refine(status.value.generation);
        const { stats, generation } = status.value;
        const effort = effortOf(generation, {}, parts.ef);
        return ok({
          collection: parts.collection,
          ...stats,
          effort,
          searchSpace: generation.space,
        });
      }),
    optimize: () => read(({ name }) => waitUntilGreen(connection, name)),
    setEffort: (effort) => read((at) => keepEffort(parts, at, effort)),
  };
}

/** Goes after a collection that was replaced, and is gone by now. */
function createReader(follower: Follower) {
  return async <T>(action: (generation: Generation) => Async<T>): Async<T> => {
    follower.glance();
    const asked = follower.current();
    const answer = await action(asked);
    if (answer.ok || answer.error.code !== 'collection_missing') return answer;
    const now = await follower.look();
    if (!now.ok) return now;
    return now.value.name === asked.name ? answer : action(now.value);
  };
}

/** What is asked for, or set, or was tuned, or does for most. */
function effortOf(
  { effort }: Generation,
  query: Pick<VectorQuery, 'effort'>,
  configured: number | undefined,
): Effort {
  return {
    exact: query.effort?.exact ?? false,
    ef: query.effort?.ef ?? configured ?? effort.ef ?? defaultEf,
    oversampling: query.effort?.oversampling ?? effort.oversampling ?? defaultOversampling,
  };
}

async function keepEffort(
  { connection, follower }: AccessParts,
  generation: Generation,
  effort: StoredEffort,
): Async<void> {
  const message = { collectionName: generation.name, metadata: effortMetadata(effort) };
  const kept = await connection.ask(
    ({ collections }, options) => collections.update(message, options),
    adminOptions(connection),
  );
  if (!kept.ok) return kept;
  follower.refine({ ...generation, effort });
  return ok(undefined);
}
