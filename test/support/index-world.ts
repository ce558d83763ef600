import { createHash } from 'node:crypto';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { type Async, failure, failures } from '../../core/failure.ts';
import { createIndexer, type Outcome } from '../../core/indexer.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import type { Encoder, PictureReader, VectorStore } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import { createFakeEncoder } from './fake-encoder.ts';
import { tick } from './held-encoder.ts';
import { createMemoryObjects } from './memory-objects.ts';
import { seededRandom } from './random.ts';

/** What somebody does to the bucket. */
export type BucketAction =
  | { readonly key: string; readonly bytes: Uint8Array; readonly metadata: Record<string, string> }
  | { readonly key: string; readonly bytes?: undefined };

export interface WorldOptions {
  /** All chance follows from it. */
  readonly seed: number;
  readonly actions: readonly BucketAction[];
  /** Runs at a time. */
  readonly runs: number;
  /** How often a request fails, before or after it was done. */
  readonly failing: number;
  /** How often a run is killed at a request: it never answers, and its messages come again. */
  readonly killing: number;
  /** How often a run stands still after a request, until all others do. */
  readonly pausing: number;
  /** How often a message is delivered twice. */
  readonly doubling: number;
}

interface Message {
  readonly key: string;
  readonly receives: number;
}

interface Run {
  dead: boolean;
  /** Lets others overtake it by far, as a process does whose machine stands still. */
  asleep: boolean;
}

const encoder = withMemory(createFakeEncoder());
/** Says of which bytes a thumbnail is. */
export const thumbnailOf = (bytes: Uint8Array): string =>
  `small ${createHash('md5').update(bytes).digest('hex')}`;

const pictures: PictureReader = {
  facts: async () => ok({ type: 'image/png' }),
  thumbnail: async (image) => ok(Buffer.from(thumbnailOf(image))),
};

/**
 * A bucket, an index, a queue and several runs of an indexer, all whose requests are answered in an
 * order that the seed says. Ends when all was done to the bucket and the queue is empty.
 */
export async function liveThrough(options: WorldOptions) {
  const random = seededRandom(options.seed);
  const chance = (share: number): boolean => random() < share;
  const objects = createMemoryObjects();
  const store = createMemoryStore({ dimensions: encoder.model.dimensions });
  const waiting: { readonly run: Run; readonly go: () => void }[] = [];
  const queue: Message[] = [];
  const todo = [...options.actions];
  let active = 0;
  let steps = 0;
  /** So that it ends. */
  const isCalm = (): boolean => steps > 3000;

  function pickFrom<T>(items: T[]): T | undefined {
    return items.splice(Math.floor(random() * items.length), 1)[0];
  }

  async function pass(run: Run): Promise<boolean> {
    await new Promise<void>((go) => {
      waiting.push({ run, go });
    });
    return !isCalm() && chance(options.failing);
  }

  const withChance =
    (run: Run) =>
    <Args extends readonly unknown[], T>(work: (...args: Args) => Async<T>) =>
    async (...args: Args): Async<T> => {
      if (await pass(run)) return err(unlucky);
      const done = await work(...args);
      return (await pass(run)) ? err(unlucky) : done;
    };

  function startRun(): void {
    const messages = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pickFrom(queue));
    const taken = messages.filter((message) => message !== undefined);
    const run: Run = { dead: false, asleep: false };
    const around = withChance(run);
    const bucket: ObjectStore = {
      ...objects,
      async *list(some) {
        if (await pass(run)) yield err({ key: '', failure: unlucky });
        else yield* objects.list(some);
      },
      head: around(objects.head),
      get: around(objects.get),
      put: around(objects.put),
      remove: around(objects.remove),
    };
    const index: VectorStore = {
      ...store,
      get: around(store.get),
      vectors: around(store.vectors),
      upsert: around(store.upsert),
      remove: around(store.remove),
    };
    const parts = { objects: bucket, own: bucket, store: index, encoder, pictures };
    const { look } = createIndexer({ ...parts, batchSize: 2 });
    active += 1;
    const give = (message: Message): void => {
      queue.push({ ...message, receives: message.receives + 1 });
    };
    void (async () => {
      for (const redo of [false, true]) {
        const some = taken.filter(({ receives }) => redo === receives > 0);
        if (some.length === 0) continue;
        const done = await look(
          some.map(({ key }) => key),
          undefined,
          { redo },
        );
        for (const message of some) if (!done.ok || isToRetry(done.value, message)) give(message);
      }
      active -= 1;
    })();
    kills.set(run, () => {
      active -= 1;
      taken.forEach(give);
    });
  }
  const kills = new Map<Run, () => void>();

  function letOneGo(): void {
    const awake = waiting.filter(({ run }) => !run.asleep && !run.dead);
    const next = pickFrom(awake);
    if (!next) {
      for (const { run } of waiting) run.asleep = false;
      return;
    }
    waiting.splice(waiting.indexOf(next), 1);
    const { run } = next;
    if (!isCalm() && chance(options.killing)) {
      run.dead = true;
      kills.get(run)?.();
      return;
    }
    run.asleep = chance(options.pausing);
    next.go();
  }

  function actOnce(): void {
    const action = todo.shift();
    if (!action) return;
    if (action.bytes) objects.upload(action.key, action.bytes, action.metadata);
    else objects.delete(action.key);
    const message = { key: action.key, receives: 0 };
    queue.push(message);
    if (chance(options.doubling)) queue.push(message);
  }

  while (todo.length > 0 || queue.length > 0 || active > 0) {
    steps += 1;
    if (steps > 20_000) throw new Error('It does not end');
    const next = random();
    if (next < 0.06) actOnce();
    else if (next < 0.25 && active < options.runs && queue.length > 0) startRun();
    else letOneGo();
    await tick();
  }
  return { objects, store, steps };
}

const unlucky = failure('store_unavailable', 'Cannot do it this time');

function isToRetry(outcomes: readonly Outcome[], { key }: Message): boolean {
  const code = outcomes.find(({ path }) => path === key)?.code;
  return code !== undefined && failures[code].retry;
}

/** Encodes the same bytes once, as a run of many worlds has but a few pictures. */
function withMemory(inner: Encoder): Encoder {
  const known = new Map<string, Awaited<ReturnType<Encoder['encodeImages']>>>();
  return {
    ...inner,
    async encodeImages(images) {
      const results = [];
      for (const image of images) {
        const name = thumbnailOf(image);
        const encoded = known.get(name) ?? (await inner.encodeImages([image]));
        known.set(name, encoded);
        if (!encoded.ok) return encoded;
        results.push(...encoded.value);
      }
      return ok(results);
    },
  };
}
