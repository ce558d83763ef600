import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { deleteCollection, listGenerations } from '../adapters/qdrant-aliases.ts';
import { createQdrantConnection } from '../adapters/qdrant-connection.ts';
import { qdrantOptions } from '../adapters/qdrant-settings.ts';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import type { Async } from '../core/failure.ts';
import type { ModelInfo, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';

export interface ThrowAwaySpec {
  readonly model: Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;
  readonly searchSpace: SearchSpace | null;
  /** The embedded store's limit for looking at every vector; left out: its own. */
  readonly exactUpTo?: number | undefined;
}

export interface ThrowAwayStore {
  readonly store: VectorStore;
  /** Leaves nothing behind. */
  remove(): Promise<void>;
}

/** A new, empty collection with the settings in force, out of the way of all others. */
export function openThrowAwayStore(
  config: GpuServiceConfig,
  spec: ThrowAwaySpec,
): Async<ThrowAwayStore> {
  const collection = `evaluate-${randomBytes(4).toString('hex')}`;
  return config.VECTOR_STORE === 'qdrant'
    ? openInQdrant(config, spec, collection)
    : openEmbedded(config, spec, collection);
}

async function openEmbedded(
  config: GpuServiceConfig,
  { model, searchSpace, exactUpTo }: ThrowAwaySpec,
  collection: string,
): Async<ThrowAwayStore> {
  const directory = await mkdtemp(join(tmpdir(), 'picture-search-evaluate-'));
  const removeFiles = () => rm(directory, { recursive: true, force: true });
  const store = await createEmbeddedStore({
    directory,
    collection,
    model,
    m: config.QDRANT_HNSW_M,
    efConstruct: config.QDRANT_HNSW_EF_CONSTRUCT,
    ef: config.QDRANT_HNSW_EF,
    newSpace: searchSpace,
    exactUpTo,
  });
  if (!store.ok) {
    await removeFiles();
    return store;
  }
  return ok({
    store: store.value,
    async remove() {
      await store.value.close();
      await removeFiles();
    },
  });
}

async function openInQdrant(
  config: GpuServiceConfig,
  { model, searchSpace }: ThrowAwaySpec,
  collection: string,
): Async<ThrowAwayStore> {
  const options = { ...qdrantOptions(config), collection };
  const removeCollection = () => removeAll(options);
  const store = await createQdrantStore({ ...options, model, searchSpace });
  if (!store.ok) {
    await removeCollection();
    return store;
  }
  return ok({
    store: store.value,
    async remove() {
      await store.value.close();
      await removeCollection();
    },
  });
}

/** Its alias goes with the collection. */
async function removeAll(options: ReturnType<typeof qdrantOptions>): Promise<void> {
  const { address, timeoutMs, collection } = options;
  const connection = createQdrantConnection(address, timeoutMs);
  try {
    const generations = await listGenerations(connection, collection);
    for (const { name } of generations.ok ? generations.value : []) {
      const removed = await deleteCollection(connection, name);
      if (!removed.ok)
        process.stderr.write(`Delete ${name} in Qdrant by hand: ${removed.error.detail}\n`);
    }
  } finally {
    connection.close();
  }
}
