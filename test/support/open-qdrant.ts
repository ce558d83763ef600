import { onTestFinished } from 'vitest';
import { createQdrantStore, type QdrantStoreOptions } from '../../adapters/qdrant-store.ts';
import type { SearchSpace } from '../../core/search-space-form.ts';
import { createSearchSpace } from '../../core/search-space.ts';
import type { VectorStore } from '../../core/ports.ts';
import { expectOk } from './expect-ok.ts';
import { randomVector } from './points.ts';
import { type QdrantOptions, type RunningQdrant, startQdrant } from './qdrant-server.ts';
import { seededRandom } from './random.ts';

export const testModel = { id: 'test/Model-1', revision: '1', dimensions: 24 };

export const testShape: QdrantStoreOptions['shape'] = {
  m: 16,
  efConstruct: 200,
  shardNumber: 1,
  replicationFactor: 1,
  writeConsistencyFactor: 1,
  readFanOutFactor: 0,
  quantization: 'int8',
  onDisk: false,
};

/** A server for the length of one test. */
export async function startTestQdrant(options?: QdrantOptions): Promise<RunningQdrant> {
  const server = await startQdrant(options);
  onTestFinished(() => server.stop());
  return server;
}

/** Options of a store in this server: small, patient, without a search space. */
export function storeOptions(
  { host, port }: Pick<RunningQdrant, 'host' | 'port'>,
  more: Partial<QdrantStoreOptions> = {},
): QdrantStoreOptions {
  return {
    address: { host, port },
    timeoutMs: 5_000,
    collection: 'images',
    model: testModel,
    shape: testShape,
    ...more,
  };
}

/** A store that closes with the test. */
export async function openTestStore(
  server: Pick<RunningQdrant, 'host' | 'port'>,
  more?: Partial<QdrantStoreOptions>,
): Promise<VectorStore> {
  const store = expectOk(await createQdrantStore(storeOptions(server, more)));
  onTestFinished(() => store.close());
  return store;
}

/** A search space of made-up statistics: it changes every vector, and no order. */
export function createTestSpace(seed = 1, dimensions = testModel.dimensions): SearchSpace {
  const random = seededRandom(seed);
  const vector = (length: number) =>
    randomVector(random, dimensions).map((value) => value * length);
  return createSearchSpace({
    imageMean: vector(0.5),
    textMean: vector(0.4),
    directions: [vector(1), vector(1)],
    gains: [1.8, 1.3],
    restGain: 0.7,
    scale: 0.9,
    textScale: 0.15,
    evenLength: 4,
  });
}
