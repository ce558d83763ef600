import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { EnvPort } from '../core/env.ts';

/** The environment of the process that holds the encoder and the vector store. */
export const GpuServiceConfig = z.object({
  API_HOST: z.string().default('0.0.0.0'),
  API_PORT: EnvPort.default(8000),
  /** A model directory: `model.json`, a tokenizer and two ONNX files. */
  MODEL_DIR: z.string().default('models/demo'),
  /** Threads of one inference. */
  ENCODER_THREADS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  VECTOR_STORE: z.enum(['embedded']).default('embedded'),
  /** Everything that is written on disk. */
  DATA_DIR: z.string().default('.data'),
  QDRANT_COLLECTION: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"')
    .default('images'),
  QDRANT_HNSW_M: z.coerce.number().int().min(4).max(128).default(16),
  QDRANT_HNSW_EF_CONSTRUCT: z.coerce.number().int().min(16).max(2000).default(200),
  QDRANT_HNSW_EF: z.coerce.number().int().min(16).max(4096).default(512),
  REQUEST_TIMEOUT_MS: z.coerce.number().int().min(100).max(300_000).default(10_000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});
export type GpuServiceConfig = z.infer<typeof GpuServiceConfig>;
