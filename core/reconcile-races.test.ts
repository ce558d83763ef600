import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { createMemoryObjects } from '../test/support/memory-objects.ts';
import { scanned } from '../test/support/store-contents.ts';
import { failure } from './failure.ts';
import { imageId } from './image-id.ts';
import { createIndexer } from './indexer.ts';
import { isOwnKey, ownPrefix, rejectKey, thumbnailKey } from './own-keys.ts';
import type { ObjectStore } from './object-store.ts';
import type { Encoder, PictureReader, VectorStore } from './ports.ts';
import { reconcile } from './reconcile.ts';
import { createOwnFiles } from './rejects.ts';
import { err, ok } from './result.ts';

const root = 's3://pictures';
const keys = ['a', 'b'];
const idOf = (key: string) => imageId(`${root}/${key}`);

/** What somebody puts under a key: a number is a picture, and a `bad` one can't be indexed. */
const content = fc.constantFrom('1', '2', 'bad 1', 'bad 2');
const action = fc.record({
  key: fc.constantFrom(...keys),
  content: fc.option(content, { nil: undefined }),
});
const state = fc.record({
  content: fc.option(content, { nil: undefined }),
  indexed: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
  thumbnail: fc.boolean(),
  reject: fc.option(fc.constantFrom('bad 1', 'bad 2'), { nil: undefined }),
});

type Moment = () => Promise<unknown>;

const isBad = (bytes: Uint8Array) => new TextDecoder().decode(bytes).startsWith('bad');

/** The real one; what it knows of pictures is whether they are bad. */
function createLook(objects: ObjectStore, store: VectorStore) {
  const encoder: Encoder = {
    ...createFakeEncoder({ dimensions: 1 }),
    encodeImages: async (images) =>
      ok(
        images.map((image) =>
          isBad(image)
            ? err(failure('image_corrupt', 'Cannot'))
            : ok({ vector: Float32Array.of(1), width: 1, height: 1 }),
        ),
      ),
  };
  const pictures: PictureReader = {
    facts: async () => ok({ type: 'image/png' }),
    thumbnail: async () => ok(new Uint8Array()),
  };
  const { look } = createIndexer({ objects, store, encoder, pictures, own: objects });
  return async (key: string): Promise<void> => {
    for (;;) {
      const [outcome] = expectOk(await look([key]));
      // A key that changes again and again goes back to the queue.
      if (outcome?.code !== 'image_changing') return;
    }
  };
}

function pointOf(key: string, version: string) {
  const names = { file_path: key, file_name: key, s3_key: null, category: null };
  const metadata = { ...names, width: 1, height: 1 };
  const record = { id: idOf(key), metadata, origin: { root, key, version } };
  return { record, vector: Float32Array.of(1) };
}

function createBucket(moment: Moment) {
  const before = async () => {
    await moment();
    return undefined;
  };
  return createMemoryObjects({ root, before });
}

function withMoments(store: VectorStore, moment: Moment): VectorStore {
  return {
    ...store,
    async get(ids) {
      await moment();
      return store.get(ids);
    },
    async upsert(points) {
      await moment();
      return store.upsert(points);
    },
    async remove(ids) {
      await moment();
      return store.remove(ids);
    },
    async *scan() {
      await moment();
      yield* store.scan();
    },
  };
}

describe('reconciling while others upload, delete and index', () => {
  it('leaves the index as the bucket is, whatever was wrong before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(state, { minLength: keys.length, maxLength: keys.length }),
        fc.array(action, { maxLength: 8 }),
        async (scheduler, states, actions) => {
          let quiet = true;
          const moment = () => (quiet ? Promise.resolve() : scheduler.schedule(Promise.resolve()));
          const objects = createBucket(moment);
          const bare = createMemoryStore({ dimensions: 1 });
          const store = withMoments(bare, moment);
          const bytes = (text: string) => new TextEncoder().encode(text);
          for (const [index, { content: text, indexed, thumbnail, reject }] of states.entries()) {
            const key = keys[index] ?? '';
            const own = createOwnFiles(objects);
            if (indexed !== undefined) {
              const { version } = objects.upload(key, bytes(indexed));
              expectOk(await bare.upsert([pointOf(key, version)]));
            }
            // Without it a record is nothing that any indexer leaves.
            if ((thumbnail && reject === undefined) || indexed !== undefined) {
              expectOk(await own.putThumbnail(idOf(key), new Uint8Array()));
            }
            if (reject !== undefined) {
              const { version } = objects.upload(key, bytes(reject));
              const why = { key, version, code: 'image_corrupt', detail: 'Cannot' } as const;
              expectOk(await own.putReject(idOf(key), why));
            }
            objects.delete(key);
            if (text !== undefined) objects.upload(key, bytes(text));
          }
          const look = createLook(objects, store);
          const looks = new Set<Promise<void>>();
          function deliver(key: string): void {
            const looking = look(key).finally(() => looks.delete(looking));
            looks.add(looking);
          }
          async function act(): Promise<void> {
            for (const { key, content: text } of actions) {
              await moment();
              if (text === undefined) objects.delete(key);
              else objects.upload(key, bytes(text));
              deliver(key);
            }
          }
          async function run(): Promise<void> {
            const report = await reconcile({
              objects,
              store,
              seed: 1,
              filterBytes: 2 ** 16,
              settle: async () => void (await Promise.all(looks)),
              async send(some) {
                await moment();
                for (const key of some) deliver(key);
                return ok(undefined);
              },
            });
            expect(report.finished).toBe(true);
          }
          async function all(): Promise<void> {
            await Promise.all([act(), run()]);
            while (looks.size > 0) await Promise.all(looks);
          }
          quiet = false;
          await scheduler.waitFor(all());
          quiet = true;

          const pictures = new Map<string, string>();
          const bad = new Map<string, string>();
          for (const key of objects.keys().filter((one) => !isOwnKey(one))) {
            const file = expectOk(await objects.get(key));
            (isBad(file.bytes) ? bad : pictures).set(key, file.info.version);
          }
          const records = await scanned(bare);
          expect(
            new Map(records.map(({ origin }) => [origin.key, origin.version] as const)),
          ).toEqual(pictures);
          const files = objects.keys().filter((key) => key.startsWith(ownPrefix));
          expect(files).toEqual(
            [
              ...[...pictures.keys()].map((key) => thumbnailKey(idOf(key))),
              ...[...bad.keys()].map((key) => rejectKey(idOf(key))),
            ].toSorted(),
          );
        },
      ),
      { numRuns: 600 },
    );
  });
});
