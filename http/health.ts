import * as z from 'zod';
import { Hono } from 'hono';
import type { Encoder, VectorStore } from '../core/ports.ts';

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
});
export type Health = z.infer<typeof Health>;

/** Asks the parts themselves: a real encode, and a real look into the store. */
export function createHealthCheck(parts: {
  readonly encoder: Encoder;
  readonly store: VectorStore;
  /** How long a part may take to answer. */
  readonly timeoutMs?: number;
}): () => Promise<Health> {
  const { encoder, store, timeoutMs = 2000 } = parts;
  return async () => {
    const [encoded, described] = await Promise.all([
      answersInTime(encoder.encodeTexts(['ready'], AbortSignal.timeout(timeoutMs)), timeoutMs),
      answersInTime(store.describe(), timeoutMs),
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
  for (const path of ['/health', '/readyz']) {
    app.get(path, async (c) => {
      const { health, status } = await report();
      return c.json(health, status, { 'Cache-Control': 'no-store' });
    });
  }
  return app;
}

async function answersInTime(
  work: Promise<{ readonly ok: boolean }>,
  timeoutMs: number,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  const answered = work.then(
    ({ ok }) => ok,
    () => false,
  );
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
