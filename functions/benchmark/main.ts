import { randomInt } from 'node:crypto';
import { pino } from 'pino';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { withSecrets } from '../../adapters/secret-environment.ts';
import { parseEnv } from '../../core/env.ts';
import { createBenchmarkFunction } from './app.ts';
import { BenchmarkConfig } from './config.ts';
import { openBenchmark } from './open.ts';

const env = await withSecrets(process.env);
// Lambda reports what ends the start of a function.
if (!env.ok) throw new Error(env.error.detail, { cause: env.error.cause });
const parsed = parseEnv(BenchmarkConfig, env.value);
if (!parsed.ok) throw new Error(parsed.error.detail);
const config = parsed.value;
const now = () => performance.now();

export const handler = createBenchmarkFunction({
  ...openBenchmark(config, now),
  metrics: createEmfCollection({
    epochMs: Date.now,
    write: (line) => process.stdout.write(line),
    namespace: config.METRICS_NAMESPACE,
    service: 'benchmark',
    environment: config.ENVIRONMENT,
  }),
  // At once: Lambda freezes the process when it has answered, and what waits may never be written.
  logger: pino({ level: config.LOG_LEVEL }, pino.destination({ dest: 1, sync: true })),
  now,
  epochMs: Date.now,
  randomSeed: () => randomInt(2 ** 32),
});
