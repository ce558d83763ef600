import { pino } from 'pino';
import { createEmfMetrics } from '../../adapters/emf-metrics.ts';
import { openTracer } from '../../adapters/open-tracer.ts';
import { parseEnv } from '../../core/env.ts';
import { EdgeConfig } from '../config.ts';
import { openEdge } from '../open.ts';
import { createLambdaHandler } from './handler.ts';
import { withPatience } from './patience.ts';

/** A collector in the same network takes a few milliseconds. */
const maxFlushMs = 250;

const parsed = parseEnv(EdgeConfig, process.env);
// Lambda reports what ends the start of a function.
if (!parsed.ok) throw new Error(parsed.error.detail);
const config = parsed.value;
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
const { app } = openEdge(config, { logger, metrics, tracer, now });

const sendTraces = tracer && withPatience(() => tracer.flush(), maxFlushMs);

export const handler = createLambdaHandler(app, async () => {
  metrics.flush();
  await sendTraces?.();
});
