import * as z from 'zod';
import { AwsEndpoints, BucketName, CloudWatchSettings } from '../adapters/aws-settings.ts';
import { checkLlmSettings, LlmSettings } from '../adapters/llm-settings.ts';
import { RedisSettings } from '../adapters/redis-settings.ts';
import { TracingSettings } from '../adapters/tracing-settings.ts';
import { ApiKeys } from '../core/api-keys.ts';
import { EnvBoolean, EnvPort } from '../core/env.ts';
import { CorsOrigins } from '../http/cross-origin.ts';
import { ServiceSecrets } from '../http/service-secret.ts';

const frontShape = {
  ...RedisSettings.shape,
  ...TracingSettings,
  ...LlmSettings.shape,
  /** Who may call: a list as JSON, with the hashes of the keys. */
  API_KEYS: ApiKeys.default([]),
  /** Where not: whoever has no key may search; where there are no keys at all, do everything. */
  API_KEYS_REQUIRED: EnvBoolean.default(true),
  /** Requests of one caller, of those that cost something; 0 is no limit. */
  RATE_LIMIT_PER_SECOND: z.coerce.number().min(0).max(100_000).default(20),
  /** How many of them may come at once. */
  RATE_LIMIT_BURST: z.coerce.number().int().min(1).max(100_000).default(40),
  /** How many proxies in front may be believed about who called. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(32).default(0),
  /**
   * Seconds that a CDN in front may keep the answer to a GET; it must have the API key and the
   * generation of the index in its key, as cdk's has. 0: there is no such CDN.
   */
  CDN_CACHE_SECONDS: z.coerce.number().int().min(0).max(60).default(0),
  /** Pages of which origins may call: with commas between them, or `*`. */
  CORS_ORIGINS: CorsOrigins.default([]),
  /** Whether the log has what people search for. */
  LOG_QUERIES: EnvBoolean.default(false),
};

/**
 * What is in front of a search, be that here or in another process. `npm start` reads it beside the
 * config of the service.
 */
export const FrontConfig = z
  .object(frontShape)
  .refine(hasNeededKeys, noKeys())
  .superRefine(checkLlmSettings);
export type FrontConfig = z.infer<typeof FrontConfig>;

/** The environment of the edge, as a Lambda function or as a process. */
export const EdgeConfig = z
  .object({
    ...frontShape,
    API_HOST: z.string().default('0.0.0.0'),
    API_PORT: EnvPort.default(8080),
    /** The gpu-service, or the load balancer before it. */
    SERVICE_URL: z.url({
      protocol: /^https?$/,
      error: 'must be the address of the gpu-service, such as http://localhost:8000',
    }),
    /** What the service knows the edge by. */
    SERVICE_SECRET: ServiceSecrets,
    /** The model and the collection behind the service: answers of others are not kept. */
    CLIP_MODEL_NAME: z.string().min(1).default('demo'),
    CLIP_PRETRAINED: z.string().min(1).optional(),
    QDRANT_COLLECTION: z.string().min(1).default('images'),
    /** Where pictures are kept: uploads go there, and are removed from there. Left out: neither. */
    PICTURES_BUCKET: BucketName.optional(),
    /** Where pictures are served by key, as the service has it: what a re-ranking model is shown. */
    PICTURES_URL: z.url({ protocol: /^https?$/ }).optional(),
    REQUEST_TIMEOUT_MS: z.coerce.number().int().min(100).max(300_000).default(10_000),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    /** As a process: whether lines for CloudWatch go between those of the log. The function always writes them. */
    CLOUDWATCH_METRICS: EnvBoolean.default(false),
    ...CloudWatchSettings,
  })
  .refine(hasNeededKeys, noKeys())
  .superRefine(checkLlmSettings)
  .refine(({ PICTURES_BUCKET, API_KEYS }) => !PICTURES_BUCKET || API_KEYS.length > 0, {
    path: ['API_KEYS'],
    message:
      'needs a key (npm run keys makes one) where PICTURES_BUCKET is set: without any, everybody could upload and delete',
  });
export type EdgeConfig = z.infer<typeof EdgeConfig>;

/**
 * Where AWS is, as its SDK reads it. Lambda sets the region itself, and nobody else may: so it is no
 * part of what a deployment sets.
 */
export const AwsEnvironment = z.object({
  AWS_REGION: z.string().min(1).optional(),
  ...AwsEndpoints,
});
export type AwsEnvironment = z.infer<typeof AwsEnvironment>;

function hasNeededKeys(config: {
  readonly API_KEYS: ApiKeys;
  readonly API_KEYS_REQUIRED: boolean;
}): boolean {
  return config.API_KEYS.length > 0 || !config.API_KEYS_REQUIRED;
}

function noKeys() {
  return {
    path: ['API_KEYS_REQUIRED'],
    message: 'needs a key in API_KEYS (npm run keys makes one), or must be false',
  };
}
