import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  CompressionRatio,
  type CreateCollectionSchema,
  Distance,
  FieldType,
  QuantizationType,
} from '@qdrant/js-client-grpc';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import type { QdrantConnection } from './qdrant-connection.ts';
import { isAlreadyThere } from './qdrant-failure.ts';
import { facetsField } from './qdrant-filter.ts';
import { metadataOf, type Model } from './qdrant-metadata.ts';

/** How a new collection is made. Nothing of it changes one that is there. */
export interface CollectionShape {
  /** Links of a vector in the graph, and candidates while it is built. */
  readonly m: number;
  readonly efConstruct: number;
  readonly shardNumber: number;
  readonly replicationFactor: number;
  readonly writeConsistencyFactor: number;
  readonly readFanOutFactor: number;
  readonly quantization: 'int8' | 'product';
  /** The full vectors stay on disk, and only the quantized ones in memory. */
  readonly onDisk: boolean;
}

/** The most that this adapter ever asks for at once; strict mode refuses everybody more. */
export const largest = { points: 256, limit: 2_500, ef: 10_000, oversampling: 32 } as const;

/** A cluster agrees on each of these before it answers. */
const adminTimeoutMs = 30_000;

export function adminOptions({ timeoutMs }: QdrantConnection) {
  return { intent: 'write' as const, timeoutMs: Math.max(timeoutMs, adminTimeoutMs) };
}

/** Makes the collection with its index, or finishes what another process has begun to make. */
export async function createCollection(
  connection: QdrantConnection,
  name: string,
  { model, space, shape }: { model: Model; space: SearchSpace | null; shape: CollectionShape },
): Async<void> {
  const message = creation(name, model, space, shape);
  const created = await connection.ask(
    ({ collections }, options) => collections.create(message, options),
    adminOptions(connection),
  );
  if (!created.ok && !isAlreadyThere(created.error)) return created;
  const indexed = await createIndex(connection, name, shape);
  if (!indexed.ok || shape.readFanOutFactor === 0) return indexed;
  const fanned = await connection.ask(
    ({ collections }, options) =>
      collections.update(
        { collectionName: name, params: { readFanOutFactor: shape.readFanOutFactor } },
        options,
      ),
    adminOptions(connection),
  );
  return fanned.ok ? ok(undefined) : fanned;
}

/** Before the first point is in: the optimizer then knows what filters can ask. */
async function createIndex(
  connection: QdrantConnection,
  name: string,
  { onDisk }: CollectionShape,
): Async<void> {
  const indexed = await connection.ask(
    ({ points }, options) =>
      points.createFieldIndex(
        {
          collectionName: name,
          wait: true,
          fieldName: facetsField,
          fieldType: FieldType.FieldTypeKeyword,
          fieldIndexParams: {
            indexParams: { case: 'keywordIndexParams', value: { onDisk } },
          },
        },
        options,
      ),
    adminOptions(connection),
  );
  return indexed.ok ? ok(undefined) : indexed;
}

function creation(
  name: string,
  model: Model,
  space: SearchSpace | null,
  shape: CollectionShape,
): MessageInitShape<typeof CreateCollectionSchema> {
  const size = space?.storedDimensions ?? model.dimensions;
  return {
    collectionName: name,
    vectorsConfig: {
      config: {
        case: 'params',
        value: {
          size: BigInt(size),
          distance: space ? Distance.Dot : Distance.Cosine,
          // `memory`, which takes the place of this and of `alwaysRam`, is unknown before 1.19.
          onDisk: shape.onDisk,
        },
      },
    },
    hnswConfig: {
      fullScanThreshold: kilobytesOf(exactUpTo, size),
      m: BigInt(shape.m),
      efConstruct: BigInt(shape.efConstruct),
      // No graph for each facet of its own: there are dozens, and ACORN does without.
      payloadM: 0n,
      onDisk: false,
    },
    quantizationConfig: { quantization: quantization(shape.quantization) },
    shardNumber: shape.shardNumber,
    replicationFactor: shape.replicationFactor,
    writeConsistencyFactor: shape.writeConsistencyFactor,
    // Records are read for what is found alone.
    onDiskPayload: true,
    strictModeConfig: strictMode,
    metadata: metadataOf(model, space),
  };
}

/** A filter that leaves so few of a segment is answered without the graph: exact, and sooner than with it. */
const exactUpTo = 20_000;

/** Qdrant counts vectors by their size, and takes no less than 10. */
function kilobytesOf(vectors: number, dimensions: number): bigint {
  return BigInt(Math.max(Math.ceil((vectors * dimensions * 4) / 1024), 10));
}

function quantization(kind: CollectionShape['quantization']) {
  return kind === 'int8'
    ? {
        case: 'scalar' as const,
        value: { type: QuantizationType.Int8, quantile: 0.99, alwaysRam: true },
      }
    : { case: 'product' as const, value: { compression: CompressionRatio.x16, alwaysRam: true } };
}

/** So that no other program that uses the collection can bring it to its knees. */
const strictMode = {
  enabled: true,
  maxQueryLimit: largest.limit,
  upsertMaxBatchsize: BigInt(largest.points),
  searchMaxHnswEf: largest.ef,
  searchMaxOversampling: largest.oversampling,
  searchAllowExact: true,
  unindexedFilteringRetrieve: false,
  unindexedFilteringUpdate: false,
  filterMaxConditions: 64n,
  // A range over numbers is some hundred facets.
  conditionMaxSize: 1_024n,
};
