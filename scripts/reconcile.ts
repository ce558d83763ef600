import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createS3Client, needsPathStyle } from '../adapters/s3-client.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { type Async, failure } from '../core/failure.ts';
import { formatObjectMessage } from '../core/object-event.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { VectorStore } from '../core/ports.ts';
import type { Queue } from '../core/queue.ts';
import { reconcile, type ReconcileReport } from '../core/reconcile.ts';
import { err, ok } from '../core/result.ts';
import { parseBucketUrl } from '../gpu-service/index-job/bucket-url.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { createCount } from './index-progress.ts';
import { readLocalConfig } from './open-local.ts';
import { openQueue } from './open-queue.ts';
import { describeReconcile } from './reconcile-report.ts';
import { withBareStore } from './reconcile-store.ts';

const help = `Compare a bucket with the index, and repair what differs.

  npm run reconcile -- s3://bucket [options]

  --dry-run        count what differs, and change nothing
  --force          remove also more than half of a large index
  --filter-mb <n>  memory for knowing what was listed, 1 to 512 (64; 256 for 100 million pictures)
  --json           the report as JSON
  --help           this text

Pictures that the index does not have, or has in an older state, are sent to QUEUE_URL; where that is
not set, \`npm run index -- s3://bucket\` indexes them. Records, thumbnails and rejects whose picture
is gone are removed. The index is the one that the settings name (VECTOR_STORE, QDRANT_…, DATA_DIR);
records of other buckets and folders are left alone. Nothing is removed before the whole bucket was
listed. S3 and SQS are found as the AWS SDK finds them (AWS_REGION, AWS_PROFILE …).
`;

const optionTypes = {
  'dry-run': { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
  'filter-mb': { type: 'string', default: '64' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

interface Options {
  readonly bucket: string;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly filterBytes: number;
  readonly json: boolean;
  readonly queue: Queue | undefined;
}

await runCommand(async (args) => {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: optionTypes });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [url] = positionals;
  if (url === undefined || positionals.length > 1) {
    return wrongArgument('there must be one bucket: npm run reconcile -- s3://bucket');
  }
  const part = parseBucketUrl(url);
  if (!part.ok) return part;
  const { bucket, prefix } = part.value;
  if (prefix !== '') return wrongArgument(`only a whole bucket can be compared: ${url}`);
  const megabytes = parseCount('filter-mb', values['filter-mb'], { min: 1, max: 512 });
  if (!megabytes.ok) return megabytes;
  const config = readLocalConfig();
  if (!config.ok) return config;
  const objects = createS3Objects({ bucket, client: createS3Client(pathStyle()) });
  const options = { bucket, dryRun: values['dry-run'], force: values.force, json: values.json };
  const filterBytes = megabytes.value * 2 ** 20;
  const queue = process.env['QUEUE_URL'] ? openQueue('QUEUE_URL') : ok(undefined);
  if (!queue.ok) return queue;
  return withBareStore(config.value, (store) =>
    run(objects, store, { ...options, filterBytes, queue: queue.value }),
  );
});

function pathStyle() {
  return { pathStyle: needsPathStyle(process.env) };
}

async function run(objects: ObjectStore, store: VectorStore, options: Options): Async<number> {
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const { signal } = interruption;
  const progress = createCount('Comparing');
  const counted = await reconcile({
    ...options,
    objects,
    store,
    seed: randomInt(2 ** 32),
    send: createSend(options),
    settle: () => sleep(30_000, undefined, { signal }).catch(() => undefined),
    onProgress: (_, count) => progress.advance(count),
    signal,
  });
  progress.stop();
  // Without a queue nothing goes anywhere.
  const report = options.queue ? counted : { ...counted, sent: 0 };
  const hasQueue = options.queue !== undefined;
  process.stdout.write(
    options.json
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : describeReconcile(report, { hasQueue }),
  );
  return exitCodeOf(report, signal);
}

function createSend({ bucket, queue }: Options) {
  return async (keys: readonly string[], signal?: AbortSignal): Async<void> => {
    const bodies = formatObjectMessage(bucket, keys);
    return queue
      ? queue.send(
          bodies.map((body) => ({ body })),
          signal,
        )
      : ok(undefined);
  };
}

function exitCodeOf({ stopped }: ReconcileReport, signal: AbortSignal): Awaited<Async<number>> {
  if (!stopped) return ok(0);
  if (signal.aborted) {
    process.stderr.write('Interrupted: the next run begins anew.\n');
    return ok(130);
  }
  return err(
    failure(stopped.code === 'too_many_orphans' ? 'invalid_field' : stopped.code, stopped.detail),
  );
}
