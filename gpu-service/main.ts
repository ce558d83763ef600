import { pino } from 'pino';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import { parseEnv } from '../core/env.ts';
import type { Failure } from '../core/failure.ts';
import { pictureUrl } from '../http/pictures.ts';
import { listen } from '../http/server.ts';
import { createGpuService } from './app.ts';
import { GpuServiceConfig } from './config.ts';
import { openEngine } from './open.ts';

const drainTimeoutMs = 25_000;

const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'info' });
const config = orExit(parseEnv(GpuServiceConfig, process.env));
const engine = orExit(await openEngine(config));
const now = () => performance.now();
const app = createGpuService({
  ...engine,
  urlOf: pictureUrl,
  metrics: createPrometheusMetrics(now),
  logger,
  now,
  timeoutMs: config.REQUEST_TIMEOUT_MS,
});
const server = orExit(
  await listen({ fetch: app.fetch, hostname: config.API_HOST, port: config.API_PORT }),
);
logger.info({ port: server.port, model: engine.encoder.model }, 'Ready to search');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void stop(signal));
}

async function stop(signal: string): Promise<void> {
  logger.info({ signal }, 'Draining');
  await server.close(drainTimeoutMs);
  await engine.close();
}

function orExit<T>(result: { ok: true; value: T } | { ok: false; error: Failure }): T {
  if (result.ok) return result.value;
  logger.fatal({ code: result.error.code, err: result.error.cause }, result.error.detail);
  process.exit(1);
}
