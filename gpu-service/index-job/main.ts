import { createPictureReader } from '../../adapters/picture-reader.ts';
import { createProcessLogger } from '../../adapters/process-logger.ts';
import { openRedisGeneration } from '../../adapters/redis-generation.ts';
import { createS3Client, needsPathStyle } from '../../adapters/s3-client.ts';
import { createS3Lines } from '../../adapters/s3-lines.ts';
import { createS3Objects } from '../../adapters/s3-objects.ts';
import type { Failure } from '../../core/failure.ts';
import { withGeneration } from '../../core/generation.ts';
import type { Result } from '../../core/result.ts';
import { openEngine } from '../open.ts';
import { runIndexJob } from './app.ts';
import { manifestKey } from './manifest-place.ts';
import { openListing } from './open-listing.ts';
import { readIndexJob } from './settings.ts';
import { stopBySignals } from './stop-signals.ts';

const read = readIndexJob(process.argv.slice(2), process.env);
const logger = createProcessLogger(read.ok ? read.value.config.LOG_LEVEL : 'info');
const { config, settings } = orExit(read);
const signals = stopBySignals(process, logger);

const client = createS3Client({ pathStyle: needsPathStyle(config) });
const objects = createS3Objects({ bucket: settings.bucket, client });
// Before the model is loaded, which takes its time.
const inventory = orExit(
  await openListing({ ...settings, client, objects, directory: config.DATA_DIR }),
);
const engine = orExit(await openEngine(config, logger));
const generation = openRedisGeneration(config, logger, objects);
const store = generation
  ? withGeneration(engine.store, generation, { logger, coalesce: true })
  : engine.store;

const key = manifestKey(new Date(), settings.shard);
process.exitCode = await runIndexJob({
  engine: { encoder: engine.bareEncoder, store },
  objects,
  inventory,
  pictures: createPictureReader(),
  manifest: createS3Lines({ client, bucket: settings.bucket, key }),
  settings,
  logger,
  now: () => performance.now(),
  ...signals,
});
await store.close();
await engine.encoder.close();
generation?.close();
client.destroy();
signals.close();

function orExit<T>(result: Result<T, Failure>): T {
  if (result.ok) return result.value;
  logger.fatal({ code: result.error.code, err: result.error.cause }, result.error.detail);
  process.exit(1);
}
