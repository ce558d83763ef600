import { setTimeout } from 'node:timers/promises';
import { CollectionStatus, type CollectionInfo as QdrantInfo } from '@qdrant/js-client-grpc';
import { type Async, failure } from '../core/failure.ts';
import type { CollectionStats, Logger } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { countPoints } from './qdrant-aliases.ts';
import { adminOptions } from './qdrant-collection.ts';
import type { QdrantConnection } from './qdrant-connection.ts';
import { type Generation, parseMetadata } from './qdrant-metadata.ts';

export interface Status {
  /** As it is kept now: another process may have tuned it. */
  readonly generation: Generation;
  readonly stats: Omit<CollectionStats, 'collection'>;
}

export async function readStatus(
  connection: QdrantConnection,
  { name, space }: Pick<Generation, 'name' | 'space'>,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly logger?: Pick<Logger, 'warn'> | undefined;
  },
): Async<Status> {
  const { signal, logger } = options;
  const [info, count] = await Promise.all([
    readInfo(connection, name, signal),
    countPoints(connection, name, { signal }),
  ]);
  if (!info.ok) return info;
  if (!count.ok) return count;
  const { status, optimizerStatus, indexedVectorsCount, config } = info.value;
  if (status === CollectionStatus.Red) {
    logger?.warn({ collection: name, error: optimizerStatus?.error }, 'Qdrant cannot optimize it');
  }
  const generation = parseMetadata(name, config?.metadata ?? {}, space);
  if (!generation.ok) return generation;
  const indexed = count.value === 0 ? 1 : Number(indexedVectorsCount ?? 0) / count.value;
  return ok({
    generation: generation.value,
    stats: {
      vectorsCount: count.value,
      status: status === CollectionStatus.Green ? 'green' : 'yellow',
      // Qdrant's count is a rough one, and has points twice for a moment.
      indexed: Math.min(indexed, 1),
    },
  });
}

const firstPauseMs = 50;
const longestPauseMs = 5_000;
/** The graph of a hundred million vectors takes hours, and something always moves meanwhile. */
const longestStillMs = 30 * 60_000;

/**
 * Waits until Qdrant has built its graph, which it does by itself. Fails with `timeout` when nothing
 * has moved for half an hour.
 */
export async function waitUntilGreen(connection: QdrantConnection, name: string): Async<void> {
  let greens = 0;
  let moved = { indexed: -1n, atMs: performance.now() };
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const info = await readInfo(connection, name);
    if (!info.ok) return info;
    const { status, indexedVectorsCount = 0n } = info.value;
    if (status === CollectionStatus.Red)
      return err(broken(name, info.value.optimizerStatus?.error));
    // Twice: what was just written may not have come to the optimizer yet.
    greens = status === CollectionStatus.Green ? greens + 1 : 0;
    if (greens === 2) return ok(undefined);
    if (greens === 1) pauseMs = firstPauseMs;
    if (status === CollectionStatus.Grey) await wake(connection, name);
    if (indexedVectorsCount !== moved.indexed) {
      moved = { indexed: indexedVectorsCount, atMs: performance.now() };
    }
    if (performance.now() - moved.atMs > longestStillMs) return err(stuck(name));
    await setTimeout(pauseMs);
  }
}

/** After a restart the optimizer sleeps until something changes; a change of nothing is enough. */
async function wake(connection: QdrantConnection, name: string): Promise<void> {
  await connection.ask(
    ({ collections }, options) =>
      collections.update({ collectionName: name, optimizersConfig: {} }, options),
    adminOptions(connection),
  );
}

async function readInfo(
  connection: QdrantConnection,
  name: string,
  signal?: AbortSignal,
): Async<QdrantInfo> {
  const asked = await connection.ask(
    ({ collections }, options) => collections.get({ collectionName: name }, options),
    { signal },
  );
  if (!asked.ok) return asked;
  const { result } = asked.value;
  return result
    ? ok(result)
    : err(failure('store_unavailable', `Cannot describe ${name} as Qdrant says nothing about it`));
}

function broken(name: string, cause: unknown) {
  return failure(
    'store_unavailable',
    `Cannot build the index of ${name} as Qdrant's optimizer has failed: look at its log`,
    { cause },
  );
}

function stuck(name: string) {
  return failure(
    'timeout',
    `Cannot wait any longer as Qdrant has not gone on with the index of ${name} for half an hour: look at its log`,
  );
}
