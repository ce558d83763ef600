import { pino } from 'pino';
import { createKeyValues, createKeyValuesClient } from '../../adapters/cloudfront-key-values.ts';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { parseEnv } from '../../core/env.ts';
import { createPublishGeneration } from './app.ts';
import { PublishGenerationConfig } from './config.ts';

const parsed = parseEnv(PublishGenerationConfig, process.env);
// Lambda reports what ends the start of a function.
if (!parsed.ok) throw new Error(parsed.error.detail);
const config = parsed.value;
// At once: Lambda freezes the process when it has answered, and what waits may never be written.
const logger = pino({ level: config.LOG_LEVEL }, pino.destination({ dest: 1, sync: true }));

export const handler = createPublishGeneration({
  generations: createKeyValues({ arn: config.GENERATIONS_ARN, client: createKeyValuesClient() }),
  metrics: createEmfCollection({
    epochMs: Date.now,
    write: (line) => process.stdout.write(line),
    namespace: config.METRICS_NAMESPACE,
    service: 'publish-generation',
    environment: config.ENVIRONMENT,
  }),
  logger,
  epochMs: Date.now,
});
