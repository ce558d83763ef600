import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import type { Async } from '../core/failure.ts';
import type { Encoder, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { GpuServiceConfig } from './config.ts';

export interface Engine {
  readonly encoder: Encoder;
  readonly store: VectorStore;
  close(): Promise<void>;
}

/** Loads the model, warm, and opens the index that belongs to it. */
export async function openEngine(config: GpuServiceConfig): Async<Engine> {
  const encoder = await createOnnxEncoder({
    directory: config.MODEL_DIR,
    threads: config.ENCODER_THREADS,
  });
  if (!encoder.ok) return encoder;
  const store = await createEmbeddedStore({
    directory: config.DATA_DIR,
    collection: config.QDRANT_COLLECTION,
    model: encoder.value.model,
    m: config.QDRANT_HNSW_M,
    efConstruct: config.QDRANT_HNSW_EF_CONSTRUCT,
    ef: config.QDRANT_HNSW_EF,
  });
  if (!store.ok) {
    await encoder.value.close();
    return store;
  }
  return ok({
    encoder: encoder.value,
    store: store.value,
    async close() {
      await store.value.close();
      await encoder.value.close();
    },
  });
}
