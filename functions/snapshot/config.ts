import * as z from 'zod';
import { AwsEndpoints, BucketName, CloudWatchSettings } from '../../adapters/aws-settings.ts';
import { CollectionName, QdrantSettings } from '../../adapters/qdrant-settings.ts';
import { RedisSettings } from '../../adapters/redis-settings.ts';

/** The environment of the function that copies the index every night. */
export const SnapshotConfig = z.object({
  /** Where the copies go; not the bucket of the pictures. */
  SNAPSHOTS_BUCKET: BucketName,
  /** Of their keys, without `/` at its end. Those that people make belong under another. */
  SNAPSHOTS_PREFIX: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*$/, 'must be a path such as nightly')
    .default('nightly'),
  /** How many are kept; older ones are removed when a new one is there. */
  SNAPSHOTS_KEPT: z.coerce.number().int().min(1).max(365).default(7),
  ...QdrantSettings,
  QDRANT_COLLECTION: CollectionName,
  /** That of the edge: what it keeps is over when a copy was brought back. */
  ...RedisSettings.shape,
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...CloudWatchSettings,
  ...AwsEndpoints,
});
export type SnapshotConfig = z.infer<typeof SnapshotConfig>;
