import * as z from 'zod';
import { AwsEndpoints, CloudWatchSettings } from '../../adapters/aws-settings.ts';

/** The environment of the function that tells CloudFront of a new generation of the index. */
export const PublishGenerationConfig = z.object({
  /** CloudFront's store of keys. */
  GENERATIONS_ARN: z
    .string()
    .regex(
      /^arn:[\w-]+:cloudfront::\d{12}:key-value-store\/[\w-]+$/,
      'must be the ARN of a KeyValueStore',
    ),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...CloudWatchSettings,
  ...AwsEndpoints,
});
export type PublishGenerationConfig = z.infer<typeof PublishGenerationConfig>;
