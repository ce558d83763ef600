import { createMemoryStore } from '../../adapters/memory-store.ts';
import { failure } from '../../core/failure.ts';
import { imageId } from '../../core/image-id.ts';
import { rejectKey, thumbnailKey } from '../../core/own-keys.ts';
import type { Encoder, PictureReader, VectorStore } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import { createIndexImages } from '../../functions/index-images/app.ts';
import { createMemoryObjects } from './memory-objects.ts';
import { seededRandom } from './random.ts';
import { contextWith, failedIds, sqsEvent } from './sqs-events.ts';

// Ten thousand messages through the handler, among all that can go wrong, in a process of its own
// (node --expose-gc): prints what was acknowledged although it was not finished, and the heap.

const messagesInAll = 10_000;
const keysInAll = 1500;
const random = seededRandom(11);
const pick = (count: number) => Math.floor(random() * count);
const some = (share: number) => random() < share;

const objects = createMemoryObjects({
  root: 's3://pictures',
  after: ({ operation }) =>
    operation !== 'list' && some(0.005)
      ? failure('objects_unavailable', 'Cannot reach the bucket')
      : undefined,
});
const memory = createMemoryStore({ dimensions: 4 });
const store: VectorStore = {
  ...memory,
  async upsert(points, signal) {
    // A few can never be kept, and take all with them that come along.
    const isPoison = points.some(({ record }) => /[37]7\.png$/.test(record.origin.key));
    if (isPoison) return err(failure('store_unavailable', 'Cannot keep the point'));
    const done = await memory.upsert(points, signal);
    return some(0.08) ? err(failure('store_unavailable', 'Cannot reach the store')) : done;
  },
};
const encoder: Encoder = {
  model: { id: 'bytes', revision: '1', dimensions: 4, contextLength: 1, device: 'cpu' },
  encodeTexts: async () => ok([]),
  async encodeImages(images) {
    if (some(0.01)) throw new Error('A bug');
    return ok(
      images.map((bytes) =>
        bytes[0] === 0
          ? err(failure('not_an_image', 'Cannot read the picture'))
          : ok({ vector: Float32Array.of(1, 0, 0, 0), width: 1, height: 1 }),
      ),
    );
  },
  close: async () => {},
};
const pictures: PictureReader = {
  facts: async () => ok({ type: 'image/png' }),
  thumbnail: async () => ok(new Uint8Array(200)),
};
const dead: string[] = [];
const handler = createIndexImages({
  indexer: { objects, own: objects, encoder, store, pictures },
  bucket: 'pictures',
  deadLetters: {
    send: async (letters) => {
      if (some(0.1)) return err(failure('queue_unavailable', 'Cannot reach the queue'));
      dead.push(...letters.map(({ body }) => body));
      return ok(undefined);
    },
  },
  maxReceives: 3,
  generation: { endSoon: async () => !some(0.01) },
  metrics: { add() {}, count() {}, flush() {} },
  logger: { info() {}, warn() {}, error() {} },
  now: () => performance.now(),
  epochMs: Date.now,
  marginMs: 20,
});

interface Waiting {
  readonly key: string;
  readonly receives: number;
}

/** Messages that nobody has acknowledged. */
const queue: Waiting[] = [];
const unfinished: string[] = [];
const heaps: number[] = [];
let handled = 0;
let sent = 0;
let failed = 0;

while (sent < messagesInAll || queue.length > 0) {
  while (queue.length < 10 && sent < messagesInAll) {
    const key = `folder/${pick(keysInAll)}.png`;
    change(key);
    queue.push({ key, receives: 1 });
    if (some(0.1)) queue.push({ key, receives: 1 });
    sent += 1;
  }
  const batch = queue.splice(0, 10);
  await invoke(batch);
  handled += batch.length;
  if (Math.floor(handled / 1000) > heaps.length) heaps.push(heapBytes());
}
process.stdout.write(
  `${JSON.stringify({ handled, sent, failed, dead: dead.length, unfinished, heaps })}\n`,
);

function change(key: string): void {
  if (some(0.2)) return objects.delete(key);
  // A fifth of them are no pictures.
  const bytes = new Uint8Array(64).fill(1 + pick(255));
  if (some(0.2)) bytes[0] = 0;
  objects.upload(key, bytes);
}

async function invoke(batch: readonly Waiting[]): Promise<void> {
  const event = sqsEvent(
    batch.map(({ key, receives }, place) => ({
      id: String(place),
      body: JSON.stringify({ bucket: 'pictures', key }),
      receives,
    })),
  );
  const deadBefore = dead.length;
  // Some have no time for anything.
  const answer = await handler(event, contextWith(some(0.03) ? 10 : 60_000));
  const again = new Set(failedIds(answer));
  const letters = new Set(dead.slice(deadBefore));
  for (const [place, { key, receives }] of batch.entries()) {
    if (again.has(String(place))) {
      failed += 1;
      // The queue's own policy has it after five.
      if (receives < 5) queue.push({ key, receives: receives + 1 });
    } else if (!letters.has(JSON.stringify({ bucket: 'pictures', key }))) {
      if (!(await isFinished(key))) unfinished.push(key);
    }
  }
}

/** Whether the index says of a key what the bucket does. */
async function isFinished(key: string): Promise<boolean> {
  const id = imageId(`s3://pictures/${key}`);
  const found = await memory.get([id]);
  const version = found.ok ? found.value[0]?.origin.version : undefined;
  const object = objects.peek(key);
  const isPicture = object !== undefined && object.bytes[0] !== 0;
  return (
    version === (isPicture ? object.info.version : undefined) &&
    (objects.peek(thumbnailKey(id)) !== undefined) === isPicture &&
    (objects.peek(rejectKey(id)) !== undefined) === (object !== undefined && !isPicture)
  );
}

/** What is left when all garbage is gone. */
function heapBytes(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
