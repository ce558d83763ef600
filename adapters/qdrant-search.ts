import type { MessageInitShape } from '@bufbuild/protobuf';
import type { QueryPointsSchema, ScoredPoint } from '@qdrant/js-client-grpc';
import type { Async } from '../core/failure.ts';
import { compareIds } from '../core/image-id.ts';
import type { Effort, Match, VectorQuery } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { largest } from './qdrant-collection.ts';
import type { QdrantConnection } from './qdrant-connection.ts';
import { compileFilter } from './qdrant-filter.ts';
import type { Generation } from './qdrant-metadata.ts';
import { idText, recordOf, withRecord } from './qdrant-points.ts';

/** So many more are asked for than wanted: those of one score come in no order. */
const spare = 16;

/** The nearest records: by score, then by id. */
export async function search(
  connection: QdrantConnection,
  { name, space }: Generation,
  query: VectorQuery,
  effort: Effort,
): Async<Match[]> {
  const { vector, offset } = space?.toQuery(query.vector) ?? { vector: query.vector, offset: 0 };
  const { limit, scoreThreshold = -1, signal, traceparent } = query;
  const message: MessageInitShape<typeof QueryPointsSchema> = {
    collectionName: name,
    query: nearest(vector),
    limit: BigInt(Math.min(limit + spare, largest.limit)),
    params: searchParams(query, effort),
    withPayload: withRecord,
    timeout: BigInt(Math.ceil(connection.timeoutMs / 1000)),
    ...(query.filter && query.filter.length > 0 && { filter: compileFilter(query.filter) }),
  };
  const asked = await connection.ask(({ points }, options) => points.query(message, options), {
    signal,
    traceparent,
  });
  if (!asked.ok) return asked;
  // The threshold is not sent: Qdrant's score is not the cosine where there is a search space.
  const matches = asked.value.result
    .flatMap((point) => scored(point, offset))
    .filter(({ score }) => score >= scoreThreshold)
    .sort((a, b) => b.score - a.score || compareIds(a.id, b.id))
    .slice(0, limit)
    .map(({ point, score }) => ({ record: recordOf(point), score }));
  return ok(matches);
}

function searchParams({ filter, limit }: VectorQuery, { exact, ef, oversampling }: Effort) {
  return {
    exact,
    hnswEf: BigInt(Math.min(Math.max(ef, limit + spare), largest.ef)),
    quantization: {
      ignore: false,
      rescore: true,
      oversampling: Math.min(oversampling, largest.oversampling),
    },
    ...(filter && filter.length > 0 && !exact && { acorn }),
  };
}

/** Qdrant's own limit of .4 leaves a filter that keeps half at a recall of .96, see docs/decisions. */
const acorn = { enable: true, maxSelectivity: 0.75 };

function nearest(vector: Float32Array) {
  return {
    variant: {
      case: 'nearest' as const,
      value: {
        variant: { case: 'dense' as const, value: { data: Array.from(vector) } },
      },
    },
  };
}

function scored(point: ScoredPoint, offset: number) {
  const id = idText(point.id);
  if (id === undefined) return [];
  return [{ point, id, score: Math.min(Math.max(point.score + offset, -1), 1) }];
}
