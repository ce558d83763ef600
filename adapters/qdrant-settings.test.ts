import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { qdrantOptions, QdrantSettings } from './qdrant-settings.ts';

const Config = z.object(QdrantSettings);
const graph = {
  QDRANT_COLLECTION: 'pictures',
  QDRANT_HNSW_M: 24,
  QDRANT_HNSW_EF_CONSTRUCT: 300,
  QDRANT_HNSW_EF: undefined,
};

describe("Qdrant's part of the environment", () => {
  it('is a server on this machine, alone and without a key, unless said otherwise', () => {
    expect(qdrantOptions({ ...Config.parse({}), ...graph })).toEqual({
      address: { host: 'localhost', port: 6334, tls: false, apiKey: undefined },
      timeoutMs: 5_000,
      collection: 'pictures',
      ef: undefined,
      shape: {
        m: 24,
        efConstruct: 300,
        shardNumber: 1,
        replicationFactor: 1,
        writeConsistencyFactor: 1,
        readFanOutFactor: 0,
        quantization: 'int8',
        onDisk: false,
      },
    });
  });

  it('may be a cluster behind TLS and a key', () => {
    const config = Config.parse({
      QDRANT_HOST: 'vectors.internal',
      QDRANT_GRPC_PORT: '443',
      QDRANT_TLS: 'true',
      QDRANT_API_KEY: 'secret',
      QDRANT_TIMEOUT_MS: '800',
      QDRANT_SHARD_NUMBER: '12',
      QDRANT_REPLICATION_FACTOR: '2',
      QDRANT_WRITE_CONSISTENCY_FACTOR: '2',
      QDRANT_READ_FAN_OUT_FACTOR: '1',
      QDRANT_QUANTIZATION: 'product',
      QDRANT_ON_DISK: 'true',
    });
    expect(qdrantOptions({ ...config, ...graph })).toMatchObject({
      address: { host: 'vectors.internal', port: 443, tls: true, apiKey: 'secret' },
      timeoutMs: 800,
      shape: {
        shardNumber: 12,
        replicationFactor: 2,
        writeConsistencyFactor: 2,
        readFanOutFactor: 1,
        quantization: 'product',
        onDisk: true,
      },
    });
  });
});
