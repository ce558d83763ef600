import { hash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { exifBlock, exifTags, jpegWithExif } from '../test/support/exif.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, encodeImage, pngOf, quarters } from '../test/support/images.ts';
import { createIndexBench } from '../test/support/index-bench.ts';
import type { ImageMetadata } from './model.ts';

const red = await pngOf(colours.red, 30, 20);
const blue = await pngOf(colours.blue, 9, 9);
const text = Buffer.from('this is a text');

describe('looking at a key', () => {
  it('indexes what is there, with all that is known of it, and a thumbnail', async () => {
    const bench = createIndexBench();
    const info = bench.objects.upload('cats/tom.png', red, { licence: 'cc0', category: 'pets' });
    expect(await bench.look('cats/tom.png')).toEqual({ 'cats/tom.png': 'indexed' });
    expect(await bench.record('cats/tom.png')).toEqual({
      id: bench.idOf('cats/tom.png'),
      metadata: {
        file_path: 'cats/tom.png',
        file_name: 'tom.png',
        s3_key: 's3://pictures/cats/tom.png',
        category: 'pets',
        width: 30,
        height: 20,
        size: red.length,
        type: 'image/png',
        etag: info.version,
        licence: 'cc0',
      },
      origin: {
        root: 's3://pictures',
        key: 'cats/tom.png',
        version: info.version,
        content: hash('sha256', red, 'base64url').slice(0, 22),
      },
    });
    const thumbnail = await sharp(bench.thumbnail('cats/tom.png')).metadata();
    expect(thumbnail).toMatchObject({ format: 'webp', width: 30, height: 20 });
    expect(bench.reject('cats/tom.png')).toBeUndefined();
  });

  it('keeps when a picture was taken, and where only if that is wanted', async () => {
    const exif = exifBlock([
      [
        { tag: exifTags.photo, directory: 1 },
        { tag: exifTags.gps, directory: 2 },
      ],
      [{ tag: exifTags.taken, text: '2024:02:29 12:30:00' }],
      [
        { tag: exifTags.latitudeRef, text: 'N' },
        {
          tag: exifTags.latitude,
          fractions: [
            [48, 1],
            [30, 1],
            [0, 1],
          ],
        },
        { tag: exifTags.longitudeRef, text: 'E' },
        {
          tag: exifTags.longitude,
          fractions: [
            [11, 1],
            [0, 1],
            [0, 1],
          ],
        },
      ],
    ]);
    const photograph = jpegWithExif(await encodeImage(quarters(), 'jpeg'), exif);
    for (const place of [undefined, true]) {
      const bench = createIndexBench({ place });
      bench.objects.upload('a.jpg', photograph);
      await bench.look('a.jpg');
      const metadata = (await bench.record('a.jpg'))?.metadata;
      expect(metadata?.['taken_at']).toBe(Date.UTC(2024, 1, 29, 12, 30) / 1000);
      const found = [metadata?.['latitude'], metadata?.['longitude']];
      expect(found).toEqual(place ? [48.5, 11] : [undefined, undefined]);
    }
  });

  it('gives one outcome for each key, in order, and skips what can be no picture', async () => {
    const bench = createIndexBench();
    bench.objects.upload('b.png', red);
    bench.objects.upload('folder/', new Uint8Array());
    bench.objects.upload('.picture-search/thumbnails/1.webp', red);
    const keys = ['b.png', 'folder/', '.picture-search/thumbnails/1.webp', 'gone.png', 'b.png'];
    const outcomes = expectOk(await bench.indexer.look(keys));
    expect(outcomes.map(({ path, outcome }) => [path, outcome])).toEqual([
      ['b.png', 'indexed'],
      ['folder/', 'skipped'],
      ['.picture-search/thumbnails/1.webp', 'skipped'],
      ['gone.png', 'skipped'],
    ]);
    expect(outcomes[0]?.id).toBe(bench.idOf('b.png'));
    expect(expectOk(await bench.indexer.look([]))).toEqual([]);
  });

  it('reads and writes nothing where nothing has changed', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    await bench.look('a.png');
    bench.counts();
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'skipped' });
    // The object, its thumbnail and a reject that may be there.
    expect(bench.counts()).toEqual({ head: 3 });
  });

  it('writes all again where it is asked to', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    await bench.look('a.png');
    bench.objects.upload(`.picture-search/thumbnails/${bench.idOf('a.png')}.webp`, text);
    const again = await bench.indexer.look(['a.png'], undefined, { redo: true });
    expect(expectOk(again)).toMatchObject([{ outcome: 'indexed' }]);
    expect(await sharp(bench.thumbnail('a.png')).metadata()).toMatchObject({ width: 30 });
  });

  it('takes a new version', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    await bench.look('a.png');
    const info = bench.objects.upload('a.png', blue);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
    const record = await bench.record('a.png');
    expect(record).toMatchObject({ metadata: { width: 9 }, origin: { version: info.version } });
    expect(await sharp(bench.thumbnail('a.png')).metadata()).toMatchObject({ width: 9 });
  });

  it('removes all there is of a picture that is gone', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    bench.objects.upload('bad.png', text);
    await bench.look('a.png', 'bad.png');
    bench.objects.delete('a.png');
    bench.objects.delete('bad.png');
    expect(await bench.look('a.png', 'bad.png')).toEqual({
      'a.png': 'removed',
      'bad.png': 'skipped',
    });
    expect(expectOk(await bench.store.count())).toBe(0);
    expect(bench.objects.keys()).toEqual([]);
  });

  it('keeps the vector of bytes of which other things are said', async () => {
    const real = createFakeEncoder();
    let encoded = 0;
    const bench = createIndexBench({
      encoder: {
        ...real,
        encodeImages(images, signal) {
          encoded += images.length;
          return real.encodeImages(images, signal);
        },
      },
    });
    bench.objects.upload('cats/a.png', red, { licence: 'cc0' });
    await bench.look('cats/a.png');
    const [before, vector] = [await bench.record('cats/a.png'), await bench.vector('cats/a.png')];
    bench.objects.upload('cats/a.png', red, { category: 'dogs' });
    bench.counts();
    expect(await bench.look('cats/a.png')).toEqual({ 'cats/a.png': 'indexed' });
    expect(bench.counts()).not.toHaveProperty('get');
    const { licence: _, ...kept }: Partial<ImageMetadata> = before?.metadata ?? {};
    expect((await bench.record('cats/a.png'))?.metadata).toEqual({ ...kept, category: 'dogs' });
    expect(await bench.vector('cats/a.png')).toEqual(vector);
    expect(encoded).toBe(1);
    expect(await bench.look('cats/a.png')).toEqual({ 'cats/a.png': 'skipped' });
  });
});

describe('what an earlier run has left behind', () => {
  it('is made whole: a thumbnail that is missing, a reject that is there no more', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    bench.objects.upload('b.png', red);
    await bench.look('a.png', 'b.png');
    for (const key of bench.objects.keys()) {
      if (key.includes('thumbnails/') && key.includes(bench.idOf('a.png'))) {
        bench.objects.delete(key);
      }
    }
    const reject = { key: 'b.png', version: 'older', code: 'image_corrupt', detail: 'Cannot' };
    const place = `.picture-search/rejects/${bench.idOf('b.png')}.json`;
    bench.objects.upload(place, Buffer.from(JSON.stringify(reject)));
    await bench.look('a.png', 'b.png');
    expect(bench.thumbnail('a.png')).toBeDefined();
    expect(bench.reject('b.png')).toBeUndefined();
    expect(await bench.look('a.png', 'b.png')).toEqual({ 'a.png': 'skipped', 'b.png': 'skipped' });
  });

  it('is removed with a picture that was never in the index', async () => {
    const bench = createIndexBench();
    bench.objects.upload(`.picture-search/thumbnails/${bench.idOf('a.png')}.webp`, red);
    bench.objects.upload(`.picture-search/rejects/${bench.idOf('a.png')}.json`, text);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'skipped' });
    expect(bench.objects.keys()).toEqual([]);
  });
});

describe('without thumbnails and rejects', () => {
  it('indexes all the same', async () => {
    const bench = createIndexBench({ own: undefined });
    bench.objects.upload('a.png', red);
    bench.objects.upload('bad.png', text);
    expect(await bench.look('a.png', 'bad.png')).toEqual({
      'a.png': 'indexed',
      'bad.png': 'not_an_image',
    });
    expect((await bench.record('a.png'))?.metadata['type']).toBe('image/png');
    expect(bench.objects.keys()).toEqual(['a.png', 'bad.png']);
    bench.objects.delete('bad.png');
    expect(await bench.look('a.png', 'bad.png')).toEqual({
      'a.png': 'skipped',
      'bad.png': 'skipped',
    });
  });
});
