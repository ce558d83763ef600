import { createProcessLogger } from '../adapters/process-logger.ts';
import type { Async } from '../core/failure.ts';
import { withGeneration } from '../core/generation.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { openFront } from '../edge/front.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { openStore } from '../gpu-service/open-store.ts';
import { readIndexModel } from './collection-model.ts';
import { endGenerations, readLocalFront } from './open-local.ts';

/** Opens the index without the model that made it, for as long as the work takes. */
export async function withBareStore<T>(
  config: GpuServiceConfig,
  work: (store: VectorStore) => Async<T>,
): Async<T> {
  const frontConfig = readLocalFront();
  if (!frontConfig.ok) return frontConfig;
  const model = await readIndexModel(config);
  if (!model.ok) return model;
  const logger = createProcessLogger(config.LOG_LEVEL);
  // There are no texts to make a search space of, and nothing is added that would need one.
  const textVectors = async () => ok([]);
  const store = await openStore(config, { model: model.value, textVectors, logger });
  if (!store.ok) return store;
  const front = openFront(frontConfig.value, logger, () => performance.now());
  const generations = endGenerations(front.cache, config);
  const watched = withGeneration(store.value, generations, { logger });
  try {
    return await work(watched);
  } finally {
    await watched.close();
    front.close();
  }
}
