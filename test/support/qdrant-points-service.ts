import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { FieldType, UpdateStatus } from '@qdrant/js-client-grpc';
import {
  checkVector,
  compareIds,
  rankNearest,
  type StandInCollection,
  type StoredPoint,
  strictModeOf,
} from './qdrant-collection.ts';
import { badInput } from './qdrant-errors.ts';
import { idOf, meetsFilter } from './qdrant-filter.ts';
import { canonicalPath, type Payload, readPayload, writePayload } from './qdrant-payload.ts';
import type { Points } from './qdrant-protocol.ts';
import type { QdrantVersion } from './qdrant-server.ts';
import { isOlder } from './qdrant-settings-of.ts';
import type { QdrantStorage } from './qdrant-storage.ts';
import { checkStrictMode } from './qdrant-strict-mode.ts';
import { waitWithin } from './qdrant-wait.ts';

type Service = ServiceImpl<typeof Points>;
type Request<Method extends keyof Service> = Parameters<Service[Method]>[0];

interface Parts {
  readonly storage: QdrantStorage;
  readonly version: QdrantVersion;
}

const time = 0.001;
const indexTypes = ['keyword', 'integer', 'float', 'geo', 'text', 'bool', 'datetime', 'uuid'];

export function createPointsService({ storage, version }: Parts): Partial<Service> {
  const done = (collection: StandInCollection) => ({
    result: { operationId: BigInt(collection.operations()), status: UpdateStatus.Completed },
    time,
  });
  return {
    async upsert(request, context) {
      const collection = storage.find(request.collectionName);
      checkStrictMode(strictModeOf(collection), collection.indexes, {
        upserts: request.points.length,
        timeout: request.timeout,
      });
      await pause(collection.upsert(request.points.map(readPoint)), context);
      return done(collection);
    },
    async delete(request, context) {
      const collection = storage.find(request.collectionName);
      const selector = request.points?.pointsSelectorOneOf;
      if (selector?.case === 'points') {
        await pause(collection.removeIds(selector.value.ids.map(idOf)), context);
      } else if (selector?.case === 'filter') {
        checkStrictMode(strictModeOf(collection), collection.indexes, {
          filter: selector.value,
          isWrite: true,
        });
        await pause(collection.removeMatching(selector.value), context);
      } else {
        throw new ConnectError('Malformed PointsSelector type', Code.InvalidArgument);
      }
      return done(collection);
    },
    createFieldIndex(request) {
      const collection = storage.find(request.collectionName);
      const type = request.fieldType ?? FieldType.FieldTypeKeyword;
      collection.indexes.set(canonicalPath(request.fieldName), {
        type: indexTypes[type] ?? 'keyword',
        dataType: type + 1,
        params: request.fieldIndexParams,
      });
      return done(collection);
    },
    deleteFieldIndex(request) {
      const collection = storage.find(request.collectionName);
      collection.indexes.delete(canonicalPath(request.fieldName));
      return done(collection);
    },
    ...createReads(storage, version),
  };
}

function createReads(storage: QdrantStorage, version: QdrantVersion): Partial<Service> {
  const retrieved = (point: StoredPoint, request: Selectors) => writePoint(point, request, version);
  return {
    async get(request, context) {
      const collection = storage.find(request.collectionName);
      checkStrictMode(strictModeOf(collection), collection.indexes, { limit: undefined });
      const asked = new Set(request.ids.map(idOf));
      const { points, tookMs } = collection.read();
      await pause(tookMs, context);
      const result = points.filter(({ id }) => asked.has(id));
      return { result: result.map((point) => retrieved(point, request)), time };
    },
    async scroll(request, context) {
      const collection = storage.find(request.collectionName);
      const limit = request.limit ?? 10;
      const { filter, timeout } = request;
      checkStrictMode(strictModeOf(collection), collection.indexes, { limit, filter, timeout });
      const from = request.offset === undefined ? undefined : idOf(request.offset);
      const { points, tookMs } = collection.read();
      await pause(tookMs, context);
      const met = points
        .filter(
          (point) =>
            (from === undefined || compareIds(point.id, from) >= 0) &&
            meetsFilter(point, filter, collection.indexes),
        )
        .toSorted((one, other) => compareIds(one.id, other.id));
      const next = met[limit];
      return {
        result: met.slice(0, limit).map((point) => retrieved(point, request)),
        nextPageOffset: next && writeId(next.id),
        time,
      };
    },
    async count(request, context) {
      const collection = storage.find(request.collectionName);
      const { filter, timeout } = request;
      checkStrictMode(strictModeOf(collection), collection.indexes, { filter, timeout });
      const { points, tookMs } = collection.read();
      await pause(tookMs, context);
      const met = points.filter((point) => meetsFilter(point, filter, collection.indexes));
      return { result: { count: BigInt(met.length) }, time };
    },
    async query(request, context) {
      return { result: await answerQuery(storage, version, request, context), time };
    },
    async queryBatch({ collectionName, queryPoints }, context) {
      const result = [];
      for (const request of queryPoints) {
        const one = { ...request, collectionName };
        result.push({ result: await answerQuery(storage, version, one, context) });
      }
      return { result, time };
    },
  };
}

async function answerQuery(
  storage: QdrantStorage,
  version: QdrantVersion,
  request: Request<'query'>,
  context: HandlerContext,
) {
  const collection = storage.find(request.collectionName);
  const { filter, params, using, scoreThreshold, timeout } = request;
  const limit = Number(request.limit ?? 10n);
  checkStrictMode(strictModeOf(collection), collection.indexes, { limit, filter, params, timeout });
  if (using !== undefined && using !== '')
    throw badInput(`Not existing vector name error: ${using}`);
  const vector = queryVector(request.query);
  checkVector(vector, collection.dimensions);
  const { points, tookMs } = collection.read();
  await pause(tookMs, context);
  const offset = Number(request.offset ?? 0n);
  return (
    rankNearest(collection, points, vector, filter)
      // Its documentation says above or equal; its source compares with greater.
      .filter(({ score }) => scoreThreshold === undefined || score > Math.fround(scoreThreshold))
      .slice(offset, offset + limit)
      .map(({ point, score }) => ({
        ...writePoint(point, request, version),
        score,
        version: BigInt(point.version),
      }))
  );
}

function queryVector(query: Request<'query'>['query']): Float32Array {
  const nearest = query?.variant.case === 'nearest' ? query.variant.value.variant : undefined;
  if (nearest?.case !== 'dense') {
    throw new ConnectError('The stand-in answers nearest to a vector alone', Code.Unimplemented);
  }
  return Float32Array.from(nearest.value.data);
}

function readPoint({ id, payload, vectors }: Request<'upsert'>['points'][number]) {
  const options = vectors?.vectorsOptions;
  if (options?.case === 'vectors') {
    throw badInput(
      `Not existing vector name error: ${Object.keys(options.value.vectors)[0] ?? ''}`,
    );
  }
  const vector = options?.case === 'vector' ? options.value : undefined;
  // A server of before 1.18 reads either form as well.
  const data = vector?.vector.case === 'dense' ? vector.vector.value.data : (vector?.data ?? []);
  return { id: idOf(id), vector: Float32Array.from(data), payload: readPayload(payload) };
}

type Selectors = Pick<Request<'get'>, 'withPayload' | 'withVectors'>;

function writePoint(
  { id, payload, vector }: StoredPoint,
  { withPayload, withVectors }: Selectors,
  version: QdrantVersion,
) {
  const data = Array.from(vector);
  const isWanted = withVectors?.selectorOptions;
  return {
    id: writeId(id),
    payload: writePayload(selected(payload, withPayload)),
    vectors:
      isWanted?.case === 'enable' && isWanted.value
        ? {
            vectorsOptions: {
              case: 'vector' as const,
              value: isOlder(version, '1.18')
                ? { data }
                : { vector: { case: 'dense' as const, value: { data } } },
            },
          }
        : undefined,
  };
}

function selected(payload: Payload, selector: Selectors['withPayload']): Payload {
  const options = selector?.selectorOptions;
  const entries = Object.entries(payload);
  switch (options?.case) {
    case 'enable':
      return options.value ? payload : {};
    case 'include':
      return Object.fromEntries(entries.filter(([key]) => options.value.fields.includes(key)));
    case 'exclude':
      return Object.fromEntries(entries.filter(([key]) => !options.value.fields.includes(key)));
    default:
      return {};
  }
}

function writeId(id: string) {
  return {
    pointIdOptions: /^\d+$/.test(id)
      ? { case: 'num' as const, value: BigInt(id) }
      : { case: 'uuid' as const, value: id },
  };
}

/** As long as the nodes took. */
function pause(tookMs: number, { signal }: HandlerContext): Promise<void> {
  return waitWithin(tookMs, signal);
}
