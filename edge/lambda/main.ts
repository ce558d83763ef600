import { pino } from 'pino';
import { createEmfMetrics } from '../../adapters/emf-metrics.ts';
import { openTracer } from '../../adapters/open-tracer.ts';
import { withSecrets } from '../../adapters/secret-environment.ts';
import { parseEnv } from '../../core/env.ts';
import type { Failure } from '../../core/failure.ts';
import type { Result } from '../../core/result.ts';
import { AwsEnvironment, EdgeConfig } from '../config.ts';
import { openEdge } from '../open.ts';
import { createLambdaHandler } from './handler.ts';
import { withPatience } from './patience.ts';
import { createStreamingHandler, lambdaStreaming } from './streaming-handler.ts';

/** A collector in the same network takes a few milliseconds. */
const maxFlushMs = 250;

const config = orThrow(parseEnv(EdgeConfig, orThrow(await withSecrets(process.env))));
const aws = orThrow(parseEnv(AwsEnvironment, process.env));
const logger = pino({ level: config.LOG_LEVEL });
const now = () => performance.now();
const metrics = createEmfMetrics({
  now,
  epochMs: Date.now,
  write: (line) => process.stdout.write(line),
  namespace: config.METRICS_NAMESPACE,
  service: 'edge',
  environment: config.ENVIRONMENT,
});
const tracer = await openTracer(config, 'edge', logger);
// Connections are made here, once, and live on from one invocation to the next.
const { app } = openEdge(config, { logger, metrics, tracer, now }, aws);

const sendTraces = tracer && withPatience(() => tracer.flush(), maxFlushMs);

async function flush(): Promise<void> {
  metrics.flush();
  await sendTraces?.();
}

/** Answers come whole: behind API Gateway, a load balancer, a function URL that is `BUFFERED`. */
export const handler = createLambdaHandler(app, flush);

/** Answers come as they are written: behind a function URL whose invoke mode is `RESPONSE_STREAM`. */
export const streamHandle = createStreamingHandler(app, flush, lambdaStreaming());

/** Lambda reports what ends the start of a function. */
function orThrow<T>(result: Result<T, Failure>): T {
  if (result.ok) return result.value;
  throw new Error(result.error.detail, { cause: result.error.cause });
}
