import { pino } from 'pino';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { withSecrets } from '../../adapters/secret-environment.ts';
import { parseEnv } from '../../core/env.ts';
import { createIndexImages } from './app.ts';
import { IndexImagesConfig } from './config.ts';
import { openIndexImages } from './open.ts';

// Lambda reports what ends the start of a function, and starts it anew with the next invocation: so
// nothing of a start that failed is kept.
const env = await withSecrets(process.env);
if (!env.ok) throw new Error(env.error.detail, { cause: env.error.cause });
const parsed = parseEnv(IndexImagesConfig, env.value);
if (!parsed.ok) throw new Error(parsed.error.detail);
const config = parsed.value;
// Each line at once: Lambda freezes the process between two invocations, perhaps for ever.
const logger = pino({ level: config.LOG_LEVEL }, pino.destination({ dest: 1, sync: true }));
const opened = await openIndexImages(config, logger);
if (!opened.ok) throw new Error(opened.error.detail, { cause: opened.error.cause });

// Model and connections are made here, once, and live on from one invocation to the next.
export const handler = createIndexImages({
  ...opened.value,
  metrics: createEmfCollection({
    epochMs: Date.now,
    write: (line) => process.stdout.write(line),
    namespace: config.METRICS_NAMESPACE,
    service: 'index-images',
    environment: config.ENVIRONMENT,
  }),
  logger,
  now: () => performance.now(),
  epochMs: Date.now,
});
