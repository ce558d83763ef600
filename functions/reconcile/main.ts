import { randomInt } from 'node:crypto';
import { pino } from 'pino';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { withSecrets } from '../../adapters/secret-environment.ts';
import { parseEnv } from '../../core/env.ts';
import { createReconcileFunction } from './app.ts';
import { ReconcileConfig } from './config.ts';
import { openReconcile } from './open.ts';

// Lambda reports what ends the start of a function.
const env = await withSecrets(process.env);
if (!env.ok) throw new Error(env.error.detail, { cause: env.error.cause });
const parsed = parseEnv(ReconcileConfig, env.value);
if (!parsed.ok) throw new Error(parsed.error.detail);
const config = parsed.value;
// At once: Lambda freezes the process when it has answered, and what waits may never be written.
const logger = pino({ level: config.LOG_LEVEL }, pino.destination({ dest: 1, sync: true }));

export const handler = createReconcileFunction({
  ...openReconcile(config, logger),
  bucket: config.PICTURES_BUCKET,
  metrics: createEmfCollection({
    epochMs: Date.now,
    write: (line) => process.stdout.write(line),
    namespace: config.METRICS_NAMESPACE,
    service: 'reconcile',
    environment: config.ENVIRONMENT,
  }),
  logger,
  now: () => performance.now(),
  epochMs: Date.now,
  randomSeed: () => randomInt(2 ** 32),
});
