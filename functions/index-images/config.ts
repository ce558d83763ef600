import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { AwsEndpoints, BucketName, CloudWatchSettings } from '../../adapters/aws-settings.ts';
import { precisions } from '../../adapters/model-directory.ts';
import { CollectionName, QdrantSettings } from '../../adapters/qdrant-settings.ts';
import { RedisSettings } from '../../adapters/redis-settings.ts';
import { EnvBoolean } from '../../core/env.ts';
import { ServiceSecrets } from '../../http/service-secret.ts';

/** The environment of the function that indexes what is uploaded. */
export const IndexImagesConfig = z
  .object({
    /** Where the pictures are. Messages about another bucket are refused. */
    PICTURES_BUCKET: BucketName,
    /** Where messages go, with a reason, that failed `MAX_RECEIVES` times. Left out: nowhere. */
    DEAD_LETTER_QUEUE_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** No more than the queue's own `maxReceiveCount`, which gives no reasons. */
    MAX_RECEIVES: z.coerce.number().int().min(1).max(1000).default(3),
    /** Whether it is kept where a picture was taken. */
    INDEX_PLACE: EnvBoolean.default(false),
    /** Name and pretraining of the model that is expected, where somebody relies on it. */
    CLIP_MODEL_NAME: z.string().min(1).optional(),
    CLIP_PRETRAINED: z.string().min(1).optional(),
    /** The model's files; they are part of the image. */
    MODEL_DIR: z.string().min(1).default('models/demo'),
    ENCODER_PRECISION: z.enum(['auto', ...precisions]).default('auto'),
    /** Threads of one inference. */
    ENCODER_THREADS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
    /** A gpu-service that encodes in this one's place. */
    ENCODER_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** How long one request to it may take: up to 32 pictures. */
    ENCODER_TIMEOUT_MS: z.coerce.number().int().min(100).max(300_000).default(60_000),
    /** What that service knows this one by. */
    SERVICE_SECRET: ServiceSecrets,
    ...QdrantSettings,
    QDRANT_COLLECTION: CollectionName,
    QDRANT_HNSW_M: z.coerce.number().int().min(4).max(128).default(16),
    QDRANT_HNSW_EF_CONSTRUCT: z.coerce.number().int().min(16).max(2000).default(200),
    /** Of a new collection: whether it is kept in the search space that is shipped with the model. */
    SEARCH_SPACE: z.enum(['auto', 'off']).default('auto'),
    ...RedisSettings.shape,
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    ...CloudWatchSettings,
    ...AwsEndpoints,
  })
  .refine(
    ({ CLIP_MODEL_NAME: name, CLIP_PRETRAINED: trained }) =>
      name !== undefined || trained === undefined,
    { path: ['CLIP_PRETRAINED'], message: 'needs CLIP_MODEL_NAME beside it' },
  );
export type IndexImagesConfig = z.infer<typeof IndexImagesConfig>;
