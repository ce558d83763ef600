import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectOk } from '../test/support/expect-ok.ts';
import { colours, pngOf } from '../test/support/images.ts';
import {
  type BucketAction,
  liveThrough,
  thumbnailOf,
  type WorldOptions,
} from '../test/support/index-world.ts';
import { scanned, sorted } from '../test/support/store-contents.ts';
import { imageIdAt, toMetadata } from './image-metadata.ts';
import { isOwnKey, rejectKey, thumbnailKey } from './own-keys.ts';

const red = await pngOf(colours.red, 8, 8);
const blue = await pngOf(colours.blue, 9, 9);
const green = await pngOf(colours.green, 10, 10);
const widths = new Map([
  [red, 8],
  [blue, 9],
  [green, 10],
]);
const text = Buffer.from('this is a text');
const cut = red.subarray(0, red.length - 20);
const codes = new Map([
  [text, 'not_an_image'],
  [cut, 'image_corrupt'],
]);

const anyKey = fc.constantFrom('cats/a.png', 'b.png');
const anyUpload = fc.record({
  key: anyKey,
  bytes: fc.oneof(fc.constantFrom(red, blue, green), fc.constantFrom(red, text, cut)),
  metadata: fc.constantFrom<Record<string, string>>({}, { mood: 'good' }, { category: 'dogs' }),
});
const anyAction: fc.Arbitrary<BucketAction> = fc.oneof(
  { weight: 3, arbitrary: anyUpload },
  { weight: 1, arbitrary: fc.record({ key: anyKey }) },
);

const anyWorld: fc.Arbitrary<WorldOptions> = fc.record({
  seed: fc.nat(),
  actions: fc.array(anyAction, { minLength: 1, maxLength: 14 }),
  runs: fc.integer({ min: 1, max: 3 }),
  failing: fc.constantFrom(0, 0, 0.03, 0.1),
  killing: fc.constantFrom(0, 0, 0.01, 0.03),
  pausing: fc.constantFrom(0.02, 0.1, 0.3),
  doubling: fc.constantFrom(0, 0.3),
});

/** What there has to be in the end, by the bucket alone. */
function expected(actions: readonly BucketAction[]) {
  const last = new Map(actions.map((action) => [action.key, action]));
  const records = [];
  const own = new Map<string, unknown>();
  for (const { key, ...upload } of last.values()) {
    const { bytes } = upload;
    if (!bytes || !('metadata' in upload)) continue;
    const id = imageIdAt('s3://pictures', key);
    const width = widths.get(bytes as Buffer);
    if (width === undefined) own.set(rejectKey(id), codes.get(bytes as Buffer));
    else {
      own.set(thumbnailKey(id), thumbnailOf(bytes));
      records.push({ id, key, width, upload });
    }
  }
  return { records, own };
}

async function checkWorld(options: WorldOptions): Promise<void> {
  const { objects, store } = await liveThrough(options);
  const { records, own } = expected(options.actions);
  const wanted = records.map(({ id, key, width }) => {
    const { info, bytes } = objects.peek(key) ?? {};
    if (!info || !bytes) throw new Error(`There is no ${key}`);
    const facts = { type: 'image/png' };
    const metadata = toMetadata(info, { width, height: width, facts }, { root: objects.root });
    const content = hash('sha256', bytes, 'base64url').slice(0, 22);
    return { id, metadata, origin: { root: objects.root, key, version: info.version, content } };
  });
  expect(sorted(await scanned(store))).toEqual(sorted(wanted));
  const files = objects.keys().filter(isOwnKey);
  const contents = files.map((key) => {
    const file = Buffer.from(objects.peek(key)?.bytes ?? []).toString();
    return [key, key.endsWith('.json') ? (JSON.parse(file) as { code: string }).code : file];
  });
  expect(Object.fromEntries(contents)).toEqual(Object.fromEntries(own));
  const vectors = expectOk(await store.vectors(records.map(({ id }) => id)));
  expect(vectors.size).toBe(records.length);
}

describe('whatever happens in whatever order', () => {
  it('the index is in the end what the bucket is, with a thumbnail of each picture and each reject', async () => {
    await fc.assert(fc.asyncProperty(anyWorld, checkWorld), { numRuns: 300 });
  });
});
