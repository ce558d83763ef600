import * as z from 'zod';
import { EnvBoolean, EnvPort } from '../core/env.ts';
import type { QdrantStoreOptions } from './qdrant-store.ts';

const Factor = z.coerce.number().int().min(1);

/** Of a collection, or of the alias that stands for it. */
export const CollectionName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"')
  .default('images');

/** The environment of a process that asks Qdrant. */
export const QdrantSettings = {
  QDRANT_HOST: z.string().min(1).default('localhost'),
  /** REST: snapshots alone. */
  QDRANT_PORT: EnvPort.default(6333),
  QDRANT_GRPC_PORT: EnvPort.default(6334),
  QDRANT_API_KEY: z.string().min(1).optional(),
  QDRANT_TLS: EnvBoolean.default(false),
  /** How long one call may take. */
  QDRANT_TIMEOUT_MS: z.coerce.number().int().min(50).max(300_000).default(5000),
  /** Parts of a collection, each on a node of its own where there are as many. Taken when it is made. */
  QDRANT_SHARD_NUMBER: Factor.max(1024).default(1),
  /** On how many nodes each part is. */
  QDRANT_REPLICATION_FACTOR: Factor.max(16).default(1),
  /** How many of them must have a change before it is done. */
  QDRANT_WRITE_CONSISTENCY_FACTOR: Factor.max(16).default(1),
  /** How many further replicas are asked at once, so that a slow one holds nobody up. */
  QDRANT_READ_FAN_OUT_FACTOR: z.coerce.number().int().min(0).max(15).default(0),
  /** `product` takes a quarter of the memory of `int8` or less, and finds less. */
  QDRANT_QUANTIZATION: z.enum(['int8', 'product']).default('int8'),
  /** Whether the full vectors stay on disk, and only the quantized ones in memory. */
  QDRANT_ON_DISK: EnvBoolean.default(false),
  /** REST of every node of a cluster, for snapshots. Left out: QDRANT_HOST alone. */
  QDRANT_NODES: z
    .string()
    .transform((urls) => urls.split(',').map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^https?$/ })))
    .optional(),
};

type QdrantConfig = {
  readonly [Name in keyof typeof QdrantSettings]: z.output<(typeof QdrantSettings)[Name]>;
};

/** What the store takes of a config: where it is, and how new collections are made. */
export function qdrantOptions(
  config: Omit<QdrantConfig, 'QDRANT_API_KEY' | 'QDRANT_NODES'> & {
    readonly QDRANT_API_KEY?: string | undefined;
    readonly QDRANT_COLLECTION: string;
    readonly QDRANT_HNSW_M: number;
    readonly QDRANT_HNSW_EF_CONSTRUCT: number;
    readonly QDRANT_HNSW_EF?: number | undefined;
  },
): Pick<QdrantStoreOptions, 'address' | 'timeoutMs' | 'collection' | 'shape' | 'ef'> {
  return {
    address: {
      host: config.QDRANT_HOST,
      port: config.QDRANT_GRPC_PORT,
      tls: config.QDRANT_TLS,
      apiKey: config.QDRANT_API_KEY,
    },
    timeoutMs: config.QDRANT_TIMEOUT_MS,
    collection: config.QDRANT_COLLECTION,
    ef: config.QDRANT_HNSW_EF,
    shape: {
      m: config.QDRANT_HNSW_M,
      efConstruct: config.QDRANT_HNSW_EF_CONSTRUCT,
      shardNumber: config.QDRANT_SHARD_NUMBER,
      replicationFactor: config.QDRANT_REPLICATION_FACTOR,
      writeConsistencyFactor: config.QDRANT_WRITE_CONSISTENCY_FACTOR,
      readFanOutFactor: config.QDRANT_READ_FAN_OUT_FACTOR,
      quantization: config.QDRANT_QUANTIZATION,
      onDisk: config.QDRANT_ON_DISK,
    },
  };
}
