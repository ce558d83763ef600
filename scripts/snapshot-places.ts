import { join } from 'node:path';
import { createDirectorySnapshots } from '../adapters/directory-snapshots.ts';
import { createEmbeddedSnapshots } from '../adapters/embedded-snapshots.ts';
import { qdrantOptions } from '../adapters/qdrant-settings.ts';
import { createQdrantSnapshots } from '../adapters/qdrant-snapshots.ts';
import { createS3Client, needsPathStyle } from '../adapters/s3-client.ts';
import { createS3Snapshots, snapshotDeadlines } from '../adapters/s3-snapshots.ts';
import type { Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import type { SnapshotPlace, SnapshotStore } from '../core/snapshots.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { wrongArgument } from './command.ts';

/** A folder, or `s3://bucket/prefix`; left out: `snapshots` in `DATA_DIR`. */
export function openPlace(
  place: string | undefined,
  { DATA_DIR }: Pick<GpuServiceConfig, 'DATA_DIR'>,
  env = process.env,
): Result<SnapshotPlace, Failure> {
  if (place === undefined) return ok(createDirectorySnapshots(join(DATA_DIR, 'snapshots')));
  if (!place.includes('://')) return ok(createDirectorySnapshots(place));
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/*(.*?)\/*$/.exec(place) ?? [];
  if (bucket === undefined) {
    return wrongArgument(`a place must be a folder or s3://bucket/prefix: ${place}`);
  }
  const client = createS3Client({ pathStyle: needsPathStyle(env), ...snapshotDeadlines });
  return ok(createS3Snapshots({ bucket, prefix, client }));
}

/** The index that the settings name. */
export function openSnapshotStore(config: GpuServiceConfig): SnapshotStore {
  const { VECTOR_STORE, DATA_DIR, QDRANT_COLLECTION } = config;
  if (VECTOR_STORE === 'embedded') {
    return createEmbeddedSnapshots({ directory: DATA_DIR, collection: QDRANT_COLLECTION });
  }
  const { address, timeoutMs, collection } = qdrantOptions(config);
  const nodes = config.QDRANT_NODES ?? [restUrl(config)];
  return createQdrantSnapshots({ address, timeoutMs, collection, nodes });
}

function restUrl({ QDRANT_TLS, QDRANT_HOST, QDRANT_PORT }: GpuServiceConfig): string {
  const host = QDRANT_HOST.includes(':') ? `[${QDRANT_HOST}]` : QDRANT_HOST;
  return `${QDRANT_TLS ? 'https' : 'http'}://${host}:${QDRANT_PORT}`;
}
