import { openTracer } from '../adapters/open-tracer.ts';
import { openProcessLog } from '../adapters/process-logger.ts';
import { parseEnv } from '../core/env.ts';
import type { Failure } from '../core/failure.ts';
import type { Result } from '../core/result.ts';
import { createEncodeApp } from '../http/encode-app.ts';
import { pictureUrls, pictureUrlsBelow } from '../http/pictures.ts';
import { listen } from '../http/server.ts';
import { createGpuService } from './app.ts';
import { GpuServiceConfig } from './config.ts';
import { openEngine } from './open.ts';
import { openMetrics } from './open-metrics.ts';

const drainTimeoutMs = 25_000;

const parsed = parseEnv(GpuServiceConfig, process.env);
const { logger, writeLine } = openProcessLog(parsed.ok ? parsed.value.LOG_LEVEL : 'info');
const config = orExit(parsed);

const signals = ['SIGTERM', 'SIGINT'] as const;
// Process 1 of a container ignores what nobody listens to, and until now there is nothing to drain.
const leave = () => process.exit(0);
for (const signal of signals) process.once(signal, leave);

const now = () => performance.now();
const metrics = openMetrics(config, { now, epochMs: Date.now, writeLine, logger });
const engine = orExit(await openEngine(config, logger, metrics));
const tracer = await openTracer(config, 'gpu-service', logger);
const app = createGpuService({
  ...engine,
  urlsOf: config.PICTURES_URL === undefined ? pictureUrls : pictureUrlsBelow(config.PICTURES_URL),
  metrics,
  logger,
  logQueries: config.LOG_QUERIES,
  tracer,
  secrets: config.SERVICE_SECRET,
  maxSearches: config.MAX_CONCURRENT_SEARCHES,
  now,
  timeoutMs: config.REQUEST_TIMEOUT_MS,
});
// The caller's own deadline ends the work; this one only outlasts every caller's.
app.route('/', createEncodeApp(engine.encoder, { logger, timeoutMs: 300_000 }));
const server = orExit(
  await listen({
    fetch: app.fetch,
    hostname: config.API_HOST,
    port: config.API_PORT,
    // Pictures to be encoded come in bodies of up to 128 MiB.
    requestTimeoutMs: 300_000,
  }),
);
logger.info({ port: server.port, model: engine.encoder.model }, 'Ready to search');

for (const signal of signals) {
  process.off(signal, leave);
  process.once(signal, () => void stop(signal));
}

async function stop(signal: string): Promise<void> {
  logger.info({ signal }, 'Draining');
  await server.close(drainTimeoutMs);
  await engine.close();
  await tracer?.close();
  metrics.close();
}

function orExit<T>(result: Result<T, Failure>): T {
  if (result.ok) return result.value;
  logger.fatal({ code: result.error.code, err: result.error.cause }, result.error.detail);
  process.exit(1);
}
