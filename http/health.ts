import * as z from 'zod';
import { Hono } from 'hono';
import type { Encoder, VectorStore } from '../core/ports.ts';
import { refuseOtherMethods } from './middleware.ts';

export const Health = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  clip_loaded: z.boolean(),
  /** Null while another vector store is in use. */
  qdrant_connected: z.boolean().nullable(),
  /** Null while there is no cache in Redis. */
  redis_connected: z.boolean().nullable(),
  vector_store: z.string(),
  device: z.string(),
  model: z.string(),
  /** What a language model may be asked here; left out where nobody else may ask for it. */
  features: z.object({ explanation: z.boolean(), rerank: z.boolean() }).optional(),
});
export type Health = z.infer<typeof Health>;

/**
 * Asks the parts themselves: a real encode, and a real look into the store. The encoder must be the
 * one that runs the model, without cache or batches: those would answer for a dead session.
 */
export function createHealthCheck(parts: {
  readonly encoder: Encoder;
  readonly store: VectorStore;
  /** How long a part may take to answer: behind a full run of a large model that is seconds. */
  readonly timeoutMs?: number;
}): () => Promise<Health> {
  const { encoder, store, timeoutMs = 5000 } = parts;
  return async () => {
    const [encoded, described] = await Promise.all([
      isTrueInTime(encodes(encoder, timeoutMs), timeoutMs),
      isTrueInTime(
        store.describe().then(({ ok }) => ok),
        timeoutMs,
      ),
    ]);
    return {
      status: encoded && described ? 'healthy' : 'unhealthy',
      clip_loaded: encoded,
      qdrant_connected: store.kind === 'qdrant' ? described : null,
      redis_connected: null,
      vector_store: store.kind,
      device: encoder.model.device,
      model: encoder.model.id,
    };
  };
}

/** `/health` for people and dashboards, `/livez` and `/readyz` for whoever restarts and routes. */
export function createHealthApp(check: () => Promise<Health>): Hono {
  const app = new Hono();
  const report = async () => {
    const health = await check();
    return { health, status: health.status === 'unhealthy' ? 503 : 200 } as const;
  };
  app.get('/livez', (c) => c.json({ status: 'alive' }));
  app.all('/livez', refuseOtherMethods('GET, HEAD'));
  for (const path of ['/health', '/readyz']) {
    app.get(path, async (c) => {
      const { health, status } = await report();
      return c.json(health, status, { 'Cache-Control': 'no-store' });
    });
    app.all(path, refuseOtherMethods('GET, HEAD'));
  }
  return app;
}

/** An encoder that is too busy for one more text is no dead one. */
async function encodes(encoder: Encoder, timeoutMs: number): Promise<boolean> {
  // A little before it is given up, so that it can still say what it waits for.
  const signal = AbortSignal.timeout(timeoutMs * 0.9);
  const encoded = await encoder.encodeTexts(['ready'], signal);
  return encoded.ok || encoded.error.code === 'overloaded';
}

async function isTrueInTime(answer: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const answered = answer.catch(() => false);
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
