import { createCloudWatchMetrics } from '../adapters/cloudwatch-metrics.ts';
import { combineMetrics } from '../adapters/combined-metrics.ts';
import { openTracer } from '../adapters/open-tracer.ts';
import { openProcessLog } from '../adapters/process-logger.ts';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import { parseEnv } from '../core/env.ts';
import type { Failure } from '../core/failure.ts';
import type { Result } from '../core/result.ts';
import { listen } from '../http/server.ts';
import { AwsEnvironment, EdgeConfig } from './config.ts';
import { openEdge } from './open.ts';

const drainTimeoutMs = 25_000;

const parsed = parseEnv(EdgeConfig, process.env);
const { logger, writeLine } = openProcessLog(parsed.ok ? parsed.value.LOG_LEVEL : 'info');
const config = orExit(parsed);
const aws = orExit(parseEnv(AwsEnvironment, process.env));

const signals = ['SIGTERM', 'SIGINT'] as const;
// Process 1 of a container ignores what nobody listens to, and until now there is nothing to drain.
const leave = () => process.exit(0);
for (const signal of signals) process.once(signal, leave);

const now = () => performance.now();
const prometheus = createPrometheusMetrics(now, { ofProcess: true });
const cloudWatch = config.CLOUDWATCH_METRICS
  ? createCloudWatchMetrics({
      now,
      epochMs: Date.now,
      write: writeLine,
      namespace: config.METRICS_NAMESPACE,
      service: 'edge',
      environment: config.ENVIRONMENT,
    })
  : undefined;
const metrics = cloudWatch ? combineMetrics(prometheus, cloudWatch) : prometheus;
const tracer = await openTracer(config, 'edge', logger);
const edge = openEdge(config, { logger, metrics, tracer, now }, aws);
const server = orExit(
  await listen({ fetch: edge.app.fetch, hostname: config.API_HOST, port: config.API_PORT }),
);
logger.info({ port: server.port, service: config.SERVICE_URL }, 'Ready to answer');

for (const signal of signals) {
  process.off(signal, leave);
  process.once(signal, () => void stop(signal));
}

async function stop(signal: string): Promise<void> {
  logger.info({ signal }, 'Draining');
  await server.close(drainTimeoutMs);
  await edge.close();
  cloudWatch?.close();
}

function orExit<T>(result: Result<T, Failure>): T {
  if (result.ok) return result.value;
  logger.fatal({ code: result.error.code, err: result.error.cause }, result.error.detail);
  process.exit(1);
}
