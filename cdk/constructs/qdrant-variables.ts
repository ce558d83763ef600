import { defaults } from '../environment.ts';
import type { QdrantAccess } from './qdrant.ts';

/** Where Qdrant is, for whoever asks it; what is left out keeps the default of the code. */
export function qdrantVariables(qdrant: QdrantAccess) {
  return {
    QDRANT_HOST: qdrant.host,
    QDRANT_PORT: String(qdrant.port),
    QDRANT_GRPC_PORT: String(qdrant.grpcPort),
    QDRANT_TLS: String(qdrant.tls),
    ...defaults(
      'QDRANT_COLLECTION',
      'QDRANT_TIMEOUT_MS',
      'QDRANT_SHARD_NUMBER',
      'QDRANT_REPLICATION_FACTOR',
      'QDRANT_WRITE_CONSISTENCY_FACTOR',
      'QDRANT_READ_FAN_OUT_FACTOR',
      'QDRANT_QUANTIZATION',
      'QDRANT_ON_DISK',
      'QDRANT_NODES',
    ),
  };
}
