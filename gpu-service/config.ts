import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { CloudWatchSettings } from '../adapters/aws-settings.ts';
import { precisions } from '../adapters/model-directory.ts';
import { CollectionName, QdrantSettings } from '../adapters/qdrant-settings.ts';
import { TracingSettings } from '../adapters/tracing-settings.ts';
import { EnvBoolean, EnvPort } from '../core/env.ts';
import { ServiceSecrets } from '../http/service-secret.ts';

/** The environment of the process that holds the encoder and the vector store. */
export const GpuServiceConfig = z
  .object({
    API_HOST: z.string().default('0.0.0.0'),
    API_PORT: EnvPort.default(8000),
    /** Name and pretraining of a model of the registry; together its id. Left out: the built-in one. */
    CLIP_MODEL_NAME: z.string().min(1).optional(),
    CLIP_PRETRAINED: z.string().min(1).optional(),
    /** How long vectors must be, where somebody relies on it. */
    CLIP_VECTOR_DIM: z.coerce.number().int().positive().optional(),
    /** A model directory of one's own: `model.json`, a tokenizer and two ONNX files. */
    MODEL_DIR: z.string().min(1).optional(),
    /** Never the GPU; else, with the second, the GPU and nothing else; else the GPU where one works. */
    FORCE_CPU: EnvBoolean.default(false),
    REQUIRE_GPU: EnvBoolean.default(false),
    ENCODER_PRECISION: z.enum(['auto', ...precisions]).default('auto'),
    /** Threads of one inference on the CPU. */
    ENCODER_THREADS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
    /** Another service that encodes in this one's place. */
    ENCODER_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** How long one request to it may take: up to 32 pictures, or 256 texts. */
    ENCODER_TIMEOUT_MS: z.coerce.number().int().min(100).max(300_000).default(60_000),
    VECTOR_STORE: z.enum(['embedded', 'qdrant']).default('embedded'),
    /** Everything that is written on disk. */
    DATA_DIR: z.string().default('.data'),
    ...QdrantSettings,
    QDRANT_COLLECTION: CollectionName,
    QDRANT_HNSW_M: z.coerce.number().int().min(4).max(128).default(16),
    QDRANT_HNSW_EF_CONSTRUCT: z.coerce.number().int().min(16).max(2000).default(200),
    /** Left out: what `npm run tune` has found for the collection, or else what does for most. */
    QDRANT_HNSW_EF: z.coerce.number().int().min(16).max(4096).optional(),
    /** `auto`: a collection that needs a graph gets a search space made for text queries. */
    SEARCH_SPACE: z.enum(['auto', 'off']).default('auto'),
    /** Where pictures are served by key, such as a CDN before the bucket; left out: paths of `npm start`. */
    PICTURES_URL: z.url({ protocol: /^https?$/ }).optional(),
    REQUEST_TIMEOUT_MS: z.coerce.number().int().min(100).max(300_000).default(10_000),
    /** Searches under way at the same time; more are refused at once, with `overloaded`. */
    MAX_CONCURRENT_SEARCHES: z.coerce.number().int().min(1).max(10_000).default(128),
    /** What the edge proves itself with; several while it is being changed. */
    SERVICE_SECRET: ServiceSecrets,
    ...TracingSettings,
    /** Whether lines for CloudWatch go between those of the log; `/metrics` is there all the same. */
    CLOUDWATCH_METRICS: EnvBoolean.default(false),
    ...CloudWatchSettings,
    /** Whether the log has what people search for. */
    LOG_QUERIES: EnvBoolean.default(false),
    LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .refine(
    ({ CLIP_MODEL_NAME, CLIP_PRETRAINED }) =>
      CLIP_MODEL_NAME !== undefined || CLIP_PRETRAINED === undefined,
    {
      path: ['CLIP_PRETRAINED'],
      message: 'needs CLIP_MODEL_NAME beside it',
    },
  );
export type GpuServiceConfig = z.infer<typeof GpuServiceConfig>;
