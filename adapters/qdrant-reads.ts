import type { RetrievedPoint } from '@qdrant/js-client-grpc';
import { chunks } from '../core/chunks.ts';
import { abortFailure, type Async, type Failure } from '../core/failure.ts';
import type { ImageRecord, Vector } from '../core/model.ts';
import type { Point } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { largest } from './qdrant-collection.ts';
import type { QdrantConnection } from './qdrant-connection.ts';
import type { Generation } from './qdrant-metadata.ts';
import {
  idOf,
  idText,
  isPossibleId,
  recordOf,
  vectorOf,
  withRecord,
  withVector,
} from './qdrant-points.ts';

export async function getRecords(
  connection: QdrantConnection,
  { name }: Generation,
  ids: readonly string[],
  signal?: AbortSignal,
): Async<ImageRecord[]> {
  const found = await fetchPoints(connection, name, ids, { withPayload: withRecord }, signal);
  return found.ok ? ok(found.value.map(recordOf)) : found;
}

export async function getVectors(
  connection: QdrantConnection,
  { name, space }: Generation,
  ids: readonly string[],
  signal?: AbortSignal,
): Async<ReadonlyMap<string, Vector>> {
  const found = await fetchPoints(connection, name, ids, { withVectors: withVector }, signal);
  if (!found.ok) return found;
  const vectors = found.value.flatMap((point): [string, Vector][] => {
    const id = idText(point.id);
    return id === undefined ? [] : [[id, vectorOf(point, space)]];
  });
  return ok(new Map(vectors));
}

/** All points in the order of their ids, page by page, so that none comes twice. */
export async function* scanPoints(
  connection: QdrantConnection,
  { name, space }: Generation,
  signal?: AbortSignal,
): AsyncGenerator<Result<Point[], Failure>> {
  for await (const page of scroll(connection, name, { withVectors: withVector }, signal)) {
    if (!page.ok) return yield page;
    yield ok(page.value.map((one) => ({ record: recordOf(one), vector: vectorOf(one, space) })));
  }
}

export async function* scanRecords(
  connection: QdrantConnection,
  { name }: Generation,
  signal?: AbortSignal,
): AsyncGenerator<Result<ImageRecord[], Failure>> {
  for await (const page of scroll(connection, name, {}, signal)) {
    if (!page.ok) return yield page;
    yield ok(page.value.map(recordOf));
  }
}

interface Output {
  readonly withPayload?: typeof withRecord;
  readonly withVectors?: typeof withVector;
}

async function* scroll(
  connection: QdrantConnection,
  name: string,
  output: Output,
  signal?: AbortSignal,
): AsyncGenerator<Result<RetrievedPoint[], Failure>> {
  let offset: RetrievedPoint['id'];
  do {
    const message = {
      collectionName: name,
      limit: largest.points,
      withPayload: withRecord,
      ...output,
      ...(offset && { offset }),
    };
    const page = await connection.ask(({ points }, options) => points.scroll(message, options), {
      signal,
    });
    if (!page.ok) return yield page;
    offset = page.value.nextPageOffset;
    if (page.value.result.length > 0) yield ok(page.value.result);
  } while (offset);
}

async function fetchPoints(
  connection: QdrantConnection,
  name: string,
  ids: readonly string[],
  output: Output,
  signal?: AbortSignal,
): Async<RetrievedPoint[]> {
  if (signal?.aborted) return err(abortFailure(signal));
  const found: RetrievedPoint[] = [];
  for (const some of chunks([...new Set(ids)].filter(isPossibleId), largest.points)) {
    const message = { collectionName: name, ids: some.map(idOf), ...output };
    const asked = await connection.ask(({ points }, options) => points.get(message, options), {
      signal,
    });
    if (!asked.ok) return asked;
    found.push(...asked.value.result);
  }
  return ok(found);
}
