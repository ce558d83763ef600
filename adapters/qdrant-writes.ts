import type { MessageInitShape } from '@bufbuild/protobuf';
import { type UpsertPointsSchema, WriteOrderingType } from '@qdrant/js-client-grpc';
import { chunks } from '../core/chunks.ts';
import { abortFailure, type Async } from '../core/failure.ts';
import type { Point } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { createTurns } from '../core/turns.ts';
import { unlessAborted } from '../core/unless-aborted.ts';
import { largest } from './qdrant-collection.ts';
import type { QdrantConnection } from './qdrant-connection.ts';
import type { Follower } from './qdrant-follower.ts';
import type { Generation } from './qdrant-metadata.ts';
import { idOf, isPossibleId, pointOf } from './qdrant-points.ts';

export interface Writer {
  upsert(points: readonly Point[], signal?: AbortSignal): Async<void>;
  remove(ids: readonly string[], signal?: AbortSignal): Async<void>;
}

/** Below what a proxy in between may let through. */
const messageBytes = 3 * 2 ** 20;

/** One leader puts changes of one point in order: an earlier one never arrives later at a replica. */
const ordering = { type: WriteOrderingType.Medium };

/** Does one write after the other, each of them in the collection that the alias stands for. */
export function createWriter(connection: QdrantConnection, follower: Follower): Writer {
  const inTurn = createTurns();
  /** Who leaves while waiting has done nothing. */
  const turns = (action: () => Async<void>, signal: AbortSignal | undefined): Async<void> =>
    unlessAborted(
      inTurn(async () => (signal?.aborted ? err(abortFailure(signal)) : action())),
      signal,
    );

  /** A write that a switch has overtaken is done again where the alias now points. */
  async function write(part: (generation: Generation) => Async<void>): Async<void> {
    for (;;) {
      const generation = follower.current();
      const written = await part(generation);
      if (!written.ok && written.error.code !== 'collection_missing') return written;
      const now = await follower.look();
      if (!now.ok) return now;
      if (now.value.name === generation.name) return written;
    }
  }

  return {
    upsert: (points, signal) =>
      turns(
        () => write((generation) => upsertParts(connection, generation, points, signal)),
        signal,
      ),
    remove: (ids, signal) =>
      turns(() => write((generation) => removeParts(connection, generation, ids, signal)), signal),
  };
}

async function upsertParts(
  connection: QdrantConnection,
  { name, space }: Generation,
  points: readonly Point[],
  signal: AbortSignal | undefined,
): Async<void> {
  const latest = new Map(points.map((point) => [point.record.id, point]));
  for (const part of partsOf(Array.from(latest.values()))) {
    const message: MessageInitShape<typeof UpsertPointsSchema> = {
      collectionName: name,
      wait: true,
      ordering,
      points: part.map((point) => pointOf(point, space)),
    };
    const written = await connection.ask(
      (services, options) => services.points.upsert(message, options),
      { intent: 'write', signal },
    );
    if (!written.ok) return written;
  }
  return ok(undefined);
}

async function removeParts(
  connection: QdrantConnection,
  { name }: Generation,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Async<void> {
  for (const part of chunks([...new Set(ids)].filter(isPossibleId), largest.points)) {
    const points = {
      pointsSelectorOneOf: { case: 'points' as const, value: { ids: part.map(idOf) } },
    };
    const removed = await connection.ask(
      (services, options) =>
        services.points.delete({ collectionName: name, wait: true, ordering, points }, options),
      { intent: 'write', signal },
    );
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}

function* partsOf(points: readonly Point[]): Generator<Point[]> {
  let part: Point[] = [];
  let bytes = 0;
  for (const point of points) {
    const size = sizeOf(point);
    if (part.length === largest.points || (part.length > 0 && bytes + size > messageBytes)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(point);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/** About: a facet is 20 bytes, and there are some per field. */
function sizeOf({ record, vector }: Point): number {
  return 4 * vector.length + 3 * JSON.stringify(record).length + 500;
}
