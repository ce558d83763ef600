import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { failure } from '../core/failure.ts';
import type { Encoder } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { createHealthCheck } from './health.ts';

const model = { id: 'fake', revision: '1', dimensions: 2, contextLength: 8, device: 'cpu' };

function createEncoder(encodeTexts: Encoder['encodeTexts']): Encoder {
  return { model, encodeTexts, encodeImages: async () => ok([]), close: async () => {} };
}

const working = createEncoder(async () => ok([]));
const store = createMemoryStore({ dimensions: 2 });

describe('a health check', () => {
  it('asks the encoder and the store', async () => {
    expect(await createHealthCheck({ encoder: working, store })()).toEqual({
      status: 'healthy',
      clip_loaded: true,
      qdrant_connected: null,
      redis_connected: null,
      vector_store: 'memory',
      device: 'cpu',
      model: 'fake',
    });
  });

  it.each<[string, Encoder['encodeTexts']]>([
    ['fails', async () => err(failure('encoder_unavailable', 'Cannot encode'))],
    ['throws', () => Promise.reject(new Error('dead'))],
    ['hangs', () => new Promise(() => {})],
  ])('sees an encoder that %s', async (_, encodeTexts) => {
    const check = createHealthCheck({ encoder: createEncoder(encodeTexts), store, timeoutMs: 30 });
    expect(await check()).toMatchObject({ status: 'unhealthy', clip_loaded: false });
  });

  it('says whether Qdrant is connected where it is in use', async () => {
    const qdrant = { ...store, kind: 'qdrant' };
    const lost = {
      ...qdrant,
      describe: async () => err(failure('store_unavailable', 'Cannot connect')),
    };
    expect(await createHealthCheck({ encoder: working, store: qdrant })()).toMatchObject({
      qdrant_connected: true,
    });
    expect(await createHealthCheck({ encoder: working, store: lost })()).toMatchObject({
      status: 'unhealthy',
      qdrant_connected: false,
    });
  });
});
