import { createPictureReader } from '../../adapters/picture-reader.ts';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createS3Objects } from '../../adapters/s3-objects.ts';
import { createSqsQueue } from '../../adapters/sqs-queue.ts';
import type { ImageRecord } from '../../core/model.ts';
import type { Encoder, VectorStore } from '../../core/ports.ts';
import type { Queue, QueueMessage } from '../../core/queue.ts';
import type { BatchHandler } from '../../functions/batch.ts';
import { createIndexImages, type IndexImagesParts } from '../../functions/index-images/app.ts';
import { createTestBucket, type TestBucket } from './bucket.ts';
import type { AwsServer } from './aws-server.ts';
import { expectOk } from './expect-ok.ts';
import { createFakeEncoder } from './fake-encoder.ts';
import { contextWith, failedIds, sqsEvent } from './sqs-events.ts';

/** How often each metric was counted, by name and by name and code; and what was measured. */
export interface RecordedMetrics {
  readonly counts: Map<string, number>;
  readonly values: Map<string, number[]>;
}

/** The indexing function on a bucket and queues of its own. */
export interface IndexImagesWorld {
  readonly bucket: TestBucket;
  readonly store: VectorStore;
  readonly queue: Queue;
  readonly queueUrl: string;
  readonly deadLetters: Queue;
  readonly handler: BatchHandler;
  readonly metrics: RecordedMetrics;
  readonly lines: Record<string, unknown>[];
  /** Pictures that were encoded so far. */
  encoded(): number;
  send(...bodies: readonly string[]): Promise<void>;
  /** One invocation for what the queue has, as Lambda makes it; what became of the messages. */
  invoke(remainingMs?: number): Promise<{ acknowledged: string[]; failed: string[] }>;
  /** As many as it takes until the queue is empty. */
  drain(): Promise<void>;
  records(): Promise<Map<string, ImageRecord>>;
  /** Reasons and bodies of the dead letters, which are left there. */
  dead(): Promise<{ body: string; reason: string | undefined }[]>;
}

export interface WorldOptions {
  readonly encoder?: Encoder;
  readonly store?: VectorStore;
  readonly parts?: Partial<IndexImagesParts>;
}

let queues = 0;

export async function createIndexImagesWorld(
  aws: AwsServer,
  { encoder = createFakeEncoder(), store, parts = {} }: WorldOptions = {},
): Promise<IndexImagesWorld> {
  const bucket = await createTestBucket(aws);
  queues += 1;
  const dead = await aws.createQueue(`dead-letters-${queues}`);
  const { url } = await aws.createQueue(`pictures-${queues}`, {
    deadLetters: dead,
    maxReceives: 5,
  });
  const queue = createSqsQueue({ url, client: aws.sqs });
  const deadLetters = createSqsQueue({ url: dead.url, client: aws.sqs });
  const objects = createS3Objects({ bucket: bucket.name, client: aws.s3 });
  const index = store ?? createMemoryStore({ dimensions: encoder.model.dimensions });
  const metrics: RecordedMetrics = { counts: new Map(), values: new Map() };
  const lines: Record<string, unknown>[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ ...fields, level, message });
  let encoded = 0;
  const counting: Encoder = {
    ...encoder,
    encodeImages(images, signal) {
      encoded += images.length;
      return encoder.encodeImages(images, signal);
    },
  };
  const handler = createIndexImages({
    indexer: {
      objects,
      own: objects,
      pictures: createPictureReader(),
      encoder: counting,
      store: index,
    },
    bucket: bucket.name,
    deadLetters,
    maxReceives: 3,
    metrics: recorder(metrics),
    logger: { info: at('info'), warn: at('warn'), error: at('error') },
    now: () => performance.now(),
    epochMs: Date.now,
    ...parts,
  });

  async function invoke(remainingMs = 60_000) {
    const messages = expectOk(await queue.receive({ hideSeconds: 60, waitSeconds: 1 }));
    const answer = failedIds(await handler(sqsEvent(messages), contextWith(remainingMs)));
    const isFailed = ({ id }: QueueMessage) => answer.includes(id);
    const [failed, done] = [messages.filter(isFailed), messages.filter((one) => !isFailed(one))];
    if (done.length > 0) expectOk(await queue.remove(done));
    if (failed.length > 0) expectOk(await queue.release(failed));
    return { acknowledged: done.map(({ body }) => body), failed: failed.map(({ body }) => body) };
  }

  return {
    bucket,
    store: index,
    queue,
    queueUrl: url,
    deadLetters,
    handler,
    metrics,
    lines,
    encoded: () => encoded,
    invoke,
    async send(...bodies) {
      expectOk(await queue.send(bodies.map((body) => ({ body }))));
    },
    async drain() {
      for (;;) {
        const { waiting, hidden } = expectOk(await queue.count());
        if (waiting + hidden === 0) return;
        await invoke();
      }
    },
    async records() {
      const records = new Map<string, ImageRecord>();
      for await (const page of index.scan()) {
        for (const record of expectOk(page)) records.set(record.origin.key, record);
      }
      return records;
    },
    async dead() {
      const letters = expectOk(await deadLetters.receive({ hideSeconds: 0 }));
      return letters.map(({ body, reason }) => ({ body, reason }));
    },
  };
}

function recorder({ counts, values }: RecordedMetrics): IndexImagesParts['metrics'] {
  return {
    add: (name, _unit, value) => void values.set(name, [...(values.get(name) ?? []), value]),
    count(name, more, code) {
      const key = code === undefined ? name : `${name} ${code}`;
      counts.set(key, (counts.get(key) ?? 0) + more);
    },
    flush() {},
  };
}
