import * as z from 'zod';
import { AwsEndpoints, BucketName } from '../../adapters/aws-settings.ts';
import { RedisSettings } from '../../adapters/redis-settings.ts';
import { EnvBoolean } from '../../core/env.ts';
import { GpuServiceConfig } from '../config.ts';

const EnvCount = z.coerce.number().int().min(0).max(10_000);

/** The environment of the batch job: that of the service, and what is to be indexed. */
export const IndexJobConfig = GpuServiceConfig.safeExtend({
  /** `s3://bucket/prefix` as an argument goes before it. */
  PICTURES_BUCKET: BucketName.optional(),
  PICTURES_PREFIX: z.string().default(''),
  /** `s3://bucket/…/manifest.json` of an S3 Inventory. Left out: the bucket is listed. */
  INVENTORY: z.string().min(1).optional(),
  /** Whether it is kept where a picture was taken. */
  INDEX_PLACE: EnvBoolean.default(false),
  /** Set by AWS Batch in the jobs of an array: which part of the bucket this one does. */
  AWS_BATCH_JOB_ARRAY_INDEX: EnvCount.optional(),
  AWS_BATCH_JOB_ARRAY_SIZE: EnvCount.optional(),
  ...AwsEndpoints,
  /** Where cached answers are, which must not outlive what they say. */
  ...RedisSettings.shape,
});
export type IndexJobConfig = z.infer<typeof IndexJobConfig>;
