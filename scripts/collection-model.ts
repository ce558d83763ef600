import { join } from 'node:path';
import { exists, readManifest } from '../adapters/embedded-files.ts';
import { readCollectionModel } from '../adapters/qdrant-opening.ts';
import { qdrantOptions } from '../adapters/qdrant-settings.ts';
import { type Async, failure } from '../core/failure.ts';
import type { ModelInfo } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';

/** The model that has made the index, whatever model is asked for now. Fails with `collection_missing`. */
export async function readIndexModel(
  config: GpuServiceConfig,
): Async<Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>> {
  const model = await readModel(config);
  if (!model.ok) return model;
  if (model.value !== undefined) return ok(model.value);
  const detail = `Cannot find an index as there is none of this name (npm run index makes one): ${config.QDRANT_COLLECTION}`;
  return err(failure('collection_missing', detail));
}

async function readModel(
  config: GpuServiceConfig,
): Async<Pick<ModelInfo, 'id' | 'revision' | 'dimensions'> | undefined> {
  if (config.VECTOR_STORE === 'qdrant') {
    const { address, timeoutMs, collection } = qdrantOptions(config);
    return readCollectionModel({ ...address, timeoutMs }, collection);
  }
  const folder = join(config.DATA_DIR, config.QDRANT_COLLECTION);
  if (!(await exists(folder))) return ok(undefined);
  try {
    const { model: id, revision, dimensions } = await readManifest(folder);
    return ok({ id, revision, dimensions });
  } catch (cause) {
    const detail = `Cannot use the index as its collection.json cannot be read: ${folder}`;
    return err(failure('index_unusable', detail, { cause }));
  }
}
