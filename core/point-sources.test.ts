import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { createPoint } from '../test/support/points.ts';
import { failure } from './failure.ts';
import { imageLimits } from './image-limits.ts';
import { createPictureSource, createVectorSource, type Draft } from './point-sources.ts';
import type { ObjectReader } from './object-store.ts';
import { err, ok } from './result.ts';

const encoder = createFakeEncoder();

function folderOf(files: Readonly<Record<string, Uint8Array>>, bytes = 1000): ObjectReader {
  const missing = failure('not_found', 'Cannot read the file as it does not exist');
  return {
    root: '/pictures',
    async *list() {},
    head: async (key) => ok(files[key] && { key, bytes, version: '2' }),
    async get(key) {
      const file = files[key];
      return file ? ok({ info: { key, bytes, version: '2' }, bytes: file }) : err(missing);
    },
  };
}

function draftOf(id: string, root = '/pictures'): Draft {
  const { record } = createPoint(id, new Float32Array());
  return { record: { ...record, origin: { root, key: `${id}.png`, version: '1' } } };
}

async function drafts(source: ReturnType<typeof createVectorSource>) {
  const store = createMemoryStore({ dimensions: 2 });
  expectOk(await store.upsert([createPoint('1', Float32Array.of(0, 1))]));
  const pages: (readonly Draft[])[] = [];
  for await (const page of source.drafts(store)) pages.push(expectOk(page));
  return pages.flat();
}

describe('pictures as a source of points', () => {
  it('give the vectors of the new model, and keep all that the records say', async () => {
    const files = { '1.png': await pngOf(colours.red), '2.png': await pngOf(colours.blue) };
    const source = createPictureSource({
      encoder,
      objectsOf: async () => ok(folderOf(files)),
      batchSize: 1,
    });
    const made = expectOk(await source.make([draftOf('1'), draftOf('2')]));
    const encoded = expectOk(await encoder.encodeImages(Object.values(files))).map(expectOk);
    expect(made.leftOut).toEqual([]);
    expect(made.points.map(({ vector }) => vector)).toEqual(encoded.map(({ vector }) => vector));
    expect(made.points.map(({ record }) => record)).toEqual([
      draftOf('1').record,
      draftOf('2').record,
    ]);
    expect(await drafts(source)).toEqual([{ record: createPoint('1', new Float32Array()).record }]);
  });

  it.each(['head', 'get'] as const)(
    'fail as a whole where the bucket does not answer a %s, and leave nothing out',
    async (operation) => {
      const gone = failure('objects_unavailable', 'Cannot read the object as nobody answers');
      const folder = folderOf({ '1.png': await pngOf(colours.red) });
      const objects = { ...folder, [operation]: async () => err(gone) };
      const source = createPictureSource({
        encoder,
        objectsOf: async () => ok(objects),
        batchSize: 4,
      });
      expect(expectFailure(await source.make([draftOf('1')]))).toBe(gone);
    },
  );

  it('look for many files at a time, and keep their order', async () => {
    const files = Object.fromEntries(
      await Promise.all(
        Array.from({ length: 40 }, async (_, n) => [`${n}.png`, await pngOf([n, n, n])] as const),
      ),
    );
    let looks = 0;
    let most = 0;
    const folder = folderOf(files);
    const head: ObjectReader['head'] = async (key) => {
      most = Math.max(most, (looks += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      looks -= 1;
      return folder.head(key);
    };
    const source = createPictureSource({
      encoder,
      objectsOf: async () => ok({ ...folder, head }),
      batchSize: 8,
    });
    const all = Array.from({ length: 40 }, (_, n) => draftOf(`${n}`));
    const { points } = expectOk(await source.make(all));
    expect(points.map(({ record }) => record.id)).toEqual(all.map(({ record }) => record.id));
    expect(most).toBeGreaterThan(8);
    expect(most).toBeLessThanOrEqual(16);
  });

  it('leave out what is gone, broken or too large, and nothing beside it', async () => {
    const files = { '1.png': await pngOf(colours.red), '2.png': Buffer.from('none') };
    const make = (bytes: number) =>
      createPictureSource({
        encoder,
        objectsOf: async () => ok(folderOf(files, bytes)),
        batchSize: 16,
      }).make([draftOf('3'), draftOf('1'), draftOf('2')]);
    const made = expectOk(await make(1000));
    expect(made.points.map(({ record }) => record.id)).toEqual(['1']);
    expect(made.leftOut.map((out) => [out.record.id, out.failure.code])).toEqual([
      ['3', 'not_found'],
      ['2', 'not_an_image'],
    ]);
    const large = expectOk(await make(imageLimits.bytes + 1));
    expect(large.leftOut.map(({ failure: { code } }) => code)).toEqual([
      'not_found',
      'image_too_large',
      'image_too_large',
    ]);
  });

  it('fail where a folder as a whole is away, and where the encoder is', async () => {
    const away = err(failure('image_unreadable', 'Cannot'));
    const files = { '1.png': await pngOf(colours.red) };
    const objectsOf = async (root: string) => (root === '/away' ? away : ok(folderOf(files)));
    const source = createPictureSource({ encoder, objectsOf, batchSize: 2 });
    const failed = await source.make([draftOf('1'), draftOf('1', '/away'), draftOf('1')]);
    expect(expectFailure(failed).code).toBe('image_unreadable');
    const closed = createFakeEncoder();
    await closed.close();
    const dark = createPictureSource({ encoder: closed, objectsOf, batchSize: 2 });
    expect(expectFailure(await dark.make([draftOf('1')])).code).toBe('encoder_unavailable');
  });

  it('never hold more than two batches in memory', async () => {
    const picture = await pngOf(colours.red);
    let [open, most] = [0, 0];
    const objects = { ...folderOf({}, 30 * 2 ** 20) };
    const counted: ObjectReader = {
      ...objects,
      head: async (key) => ok({ key, bytes: 30 * 2 ** 20, version: '1' }),
      async get(key) {
        open += 1;
        most = Math.max(most, open);
        return ok({ info: { key, bytes: picture.length, version: '1' }, bytes: picture });
      },
    };
    const encodeImages: typeof encoder.encodeImages = async (images, signal) => {
      const encoded = await encoder.encodeImages(images, signal);
      open -= images.length;
      return encoded;
    };
    const source = createPictureSource({
      encoder: { encodeImages },
      objectsOf: async () => ok(counted),
      batchSize: 256,
    });
    const ids = Array.from({ length: 20 }, (_, n) => draftOf(`${n}`));
    expect(expectOk(await source.make(ids)).points).toHaveLength(20);
    // Two of 30 MB are a batch.
    expect(most).toBeLessThanOrEqual(4);
  });
});

it('copies vectors as a source of points', async () => {
  const source = createVectorSource();
  const [draft] = await drafts(source);
  expect(draft?.vector).toEqual(Float32Array.of(0, 1));
  const made = expectOk(await source.make(draft ? [draft] : []));
  expect(made).toEqual({ points: [draft], leftOut: [] });
});
