import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { failure } from '../core/failure.ts';
import type { Encoder } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createHealthApp, createHealthCheck } from './health.ts';

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

  it('hears an encoder say that it was too busy all the time', async () => {
    const waiting = createEncoder(
      (_, signal) =>
        new Promise((resolve) => {
          const busy = err(failure('overloaded', 'Cannot encode'));
          signal?.addEventListener('abort', () => setTimeout(resolve, 1, busy));
        }),
    );
    const check = createHealthCheck({ encoder: waiting, store, timeoutMs: 1000 });
    expect(await check()).toMatchObject({ clip_loaded: true });
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

  it('takes an encoder that is too busy for a loaded one', async () => {
    const busy = createEncoder(async () => err(failure('overloaded', 'Cannot encode')));
    expect(await createHealthCheck({ encoder: busy, store })()).toMatchObject({
      status: 'healthy',
      clip_loaded: true,
    });
  });
});

describe('/readyz', () => {
  const directory = join(import.meta.dirname, '../models/demo');

  /** A real encoder, the threads that its sessions run in, and the status of `/readyz`. */
  async function startReal() {
    const threads: Worker[] = [];
    const remember = (worker: Worker) => void threads.push(worker);
    process.on('worker', remember);
    const encoder = expectOk(await createOnnxEncoder({ directory, device: 'cpu' }));
    process.off('worker', remember);
    const app = createHealthApp(createHealthCheck({ encoder, store }));
    const ask = async () => (await app.request('/readyz')).status;
    return { encoder, threads, ask };
  }

  it('sees at the next ask that the threads of the sessions have died', async () => {
    const { encoder, threads, ask } = await startReal();
    expect(await ask()).toBe(200);
    expect(threads).toHaveLength(2);
    await Promise.all(threads.map((thread) => thread.terminate()));
    expect(await ask()).toBe(503);
    await encoder.close();
  });

  it('sees that the encoder was closed', async () => {
    const { encoder, ask } = await startReal();
    expect(await ask()).toBe(200);
    await encoder.close();
    expect(await ask()).toBe(503);
  });
});
