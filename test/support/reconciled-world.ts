import { createMemoryStore } from '../../adapters/memory-store.ts';
import { imageId } from '../../core/image-id.ts';
import { ownPrefix, rejectKey, thumbnailKey } from '../../core/own-keys.ts';
import type { VectorStore } from '../../core/ports.ts';
import { reconcile, type ReconcileParts } from '../../core/reconcile.ts';
import { ok } from '../../core/result.ts';
import { expectOk } from './expect-ok.ts';
import { createMemoryObjects, type MemoryObjects } from './memory-objects.ts';

export const root = 's3://pictures';

export const idOf = (key: string) => imageId(`${root}/${key}`);

const bytes = (text: string) => new TextEncoder().encode(text);

/** A bucket and an index, and whatever is wrong with them. */
export interface World {
  readonly objects: MemoryObjects;
  readonly store: VectorStore;
  readonly sent: string[];
  /** A picture as the pipeline leaves it. */
  picture(key: string): Promise<void>;
  record(key: string, version: string, of?: string): Promise<void>;
  thumbnail(key: string): void;
  reject(key: string, version: string): void;
  run(more?: Partial<ReconcileParts>): ReturnType<typeof reconcile>;
}

export function createWorld(): World {
  const objects = createMemoryObjects({ root });
  const store = createMemoryStore({ dimensions: 1 });
  const sent: string[] = [];
  const world: World = {
    objects,
    store,
    sent,
    async picture(key) {
      const { version } = objects.upload(key, bytes(key));
      await world.record(key, version);
      world.thumbnail(key);
    },
    async record(key, version, of = root) {
      const metadata = { file_path: key, file_name: key, s3_key: null, category: null };
      const record = {
        id: imageId(`${of}/${key}`),
        metadata: { ...metadata, width: 1, height: 1 },
        origin: { root: of, key, version },
      };
      expectOk(await store.upsert([{ record, vector: Float32Array.of(1) }]));
    },
    thumbnail: (key) => void objects.upload(thumbnailKey(idOf(key)), bytes('thumbnail')),
    reject(key, version) {
      const reject = { key, version, code: 'image_corrupt', detail: 'Cannot' };
      objects.upload(rejectKey(idOf(key)), bytes(JSON.stringify(reject)));
    },
    run: (more) =>
      reconcile({
        objects,
        store,
        seed: 1,
        filterBytes: 2 ** 18,
        async send(keys) {
          sent.push(...keys);
          return ok(undefined);
        },
        ...more,
      }),
  };
  return world;
}

export const ownKeys = ({ objects }: World) =>
  objects.keys().filter((key) => key.startsWith(ownPrefix));

/** One of everything that can be wrong. */
export async function createDamaged(): Promise<World> {
  const world = createWorld();
  for (const name of ['a', 'b', 'c']) await world.picture(`${name}.jpg`);
  world.objects.upload('new.jpg', bytes('new'));
  await world.picture('changed.jpg');
  world.objects.upload('changed.jpg', bytes('changed since'));
  const { version } = world.objects.upload('bad.jpg', bytes('no picture'));
  world.reject('bad.jpg', version);
  world.objects.upload('mended.jpg', bytes('a picture by now'));
  world.reject('mended.jpg', '"of before"');
  world.objects.upload('folder/', bytes(''));
  await world.picture('deleted.jpg');
  world.objects.delete('deleted.jpg');
  await world.record('x.jpg', '1', 's3://others');
  world.thumbnail('long gone.jpg');
  world.reject('gone too.jpg', '1');
  world.objects.upload(`${ownPrefix}manifests/1.json`, bytes('{}'));
  return world;
}
