import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { findModelSpace } from '../adapters/model-spaces.ts';
import { qdrantOptions } from '../adapters/qdrant-settings.ts';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import { computeSearchSpaceAside } from '../adapters/search-space-thread.ts';
import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { Logger, ModelInfo, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import type { GpuServiceConfig } from './config.ts';

export interface StoreParts {
  /** What makes the vectors; an index of another model is refused. */
  readonly model: Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;
  /** Vectors of texts that people may ask for, for a search space; asked once, if ever. */
  readonly textVectors: () => Async<readonly Vector[]>;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Opens the index that the environment asks for, or makes it. */
export async function openStore(config: GpuServiceConfig, parts: StoreParts): Async<VectorStore> {
  const { model, logger } = parts;
  const withSpace = config.SEARCH_SPACE === 'auto';
  if (config.VECTOR_STORE === 'qdrant') {
    // There are no vectors yet to make one of, and later is a new collection: `npm run tune`.
    const searchSpace = withSpace ? await findModelSpace(model) : null;
    return createQdrantStore({ ...qdrantOptions(config), model, searchSpace, logger });
  }
  return createEmbeddedStore({
    directory: config.DATA_DIR,
    collection: config.QDRANT_COLLECTION,
    model,
    m: config.QDRANT_HNSW_M,
    efConstruct: config.QDRANT_HNSW_EF_CONSTRUCT,
    ef: config.QDRANT_HNSW_EF,
    searchSpace: withSpace ? { make: (images) => makeSpace(images, parts) } : null,
  });
}

/** Of the collection's own images. Searching goes on without one where it can't be made. */
async function makeSpace(
  images: readonly Vector[],
  { model, textVectors, logger }: StoreParts,
): Async<SearchSpace | undefined> {
  const texts = await textVectors();
  if (!texts.ok) return texts;
  const space = await computeSearchSpaceAside({ images, texts: texts.value });
  if (space.ok) return ok(space.value);
  logger.warn({ model: model.id }, `Cannot make a search space as ${space.error}`);
  return ok(undefined);
}
