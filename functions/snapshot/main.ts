import { pino } from 'pino';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { withSecrets } from '../../adapters/secret-environment.ts';
import { parseEnv } from '../../core/env.ts';
import { createSnapshotFunction } from './app.ts';
import { SnapshotConfig } from './config.ts';
import { openSnapshot } from './open.ts';

const env = await withSecrets(process.env);
// Lambda reports what ends the start of a function.
if (!env.ok) throw new Error(env.error.detail, { cause: env.error.cause });
const parsed = parseEnv(SnapshotConfig, env.value);
if (!parsed.ok) throw new Error(parsed.error.detail);
const config = parsed.value;
// At once: Lambda freezes the process when it has answered, and what waits may never be written.
const logger = pino({ level: config.LOG_LEVEL }, pino.destination({ dest: 1, sync: true }));

export const handler = createSnapshotFunction({
  ...openSnapshot(config, { epochMs: Date.now, logger }),
  metrics: createEmfCollection({
    epochMs: Date.now,
    write: (line) => process.stdout.write(line),
    namespace: config.METRICS_NAMESPACE,
    service: 'snapshot',
    environment: config.ENVIRONMENT,
  }),
  logger,
  now: () => performance.now(),
  epochMs: Date.now,
});
