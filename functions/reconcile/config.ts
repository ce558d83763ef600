import * as z from 'zod';
import { AwsEndpoints, BucketName, CloudWatchSettings } from '../../adapters/aws-settings.ts';
import { CollectionName, QdrantSettings } from '../../adapters/qdrant-settings.ts';
import { RedisSettings } from '../../adapters/redis-settings.ts';

/** The environment of the function that compares bucket and index every night. */
export const ReconcileConfig = z.object({
  /** Where the pictures are. */
  PICTURES_BUCKET: BucketName,
  /** The queue that index-images reads: it is told of pictures that are missing or stale. */
  QUEUE_URL: z.url({ protocol: /^https?$/ }),
  /** Memory for knowing which pictures were listed: see `reconcile` for what it does. */
  RECONCILE_FILTER_MB: z.coerce.number().int().min(1).max(512).default(64),
  /** More of the index than this is taken for a mistake, and not removed. */
  RECONCILE_MAX_REMOVED: z.coerce.number().min(0).max(1).default(0.5),
  /** How long a picture may be without its record when its thumbnail is there. */
  RECONCILE_SETTLE_SECONDS: z.coerce.number().min(0).max(600).default(30),
  ...QdrantSettings,
  QDRANT_COLLECTION: CollectionName,
  ...RedisSettings.shape,
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...CloudWatchSettings,
  ...AwsEndpoints,
});
export type ReconcileConfig = z.infer<typeof ReconcileConfig>;
