import { describe, expect, it } from 'vitest';
import { createPictureReader } from '../adapters/picture-reader.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { createIndexBench } from '../test/support/index-bench.ts';
import { failure } from './failure.ts';
import { err } from './result.ts';

const red = await pngOf(colours.red, 30, 20);
const text = Buffer.from('this is a text');

describe('a picture that can never be indexed', () => {
  it('is on the list of rejects, with its reason, and harms no other', async () => {
    const bench = createIndexBench();
    const bad = { 'empty.png': '', 'text.png': text, 'cut.png': red.subarray(0, red.length / 2) };
    for (const [key, bytes] of Object.entries(bad)) bench.objects.upload(key, Buffer.from(bytes));
    bench.objects.upload('good.png', red);
    expect(await bench.look(...Object.keys(bad), 'good.png')).toEqual({
      'empty.png': 'image_empty',
      'text.png': 'not_an_image',
      'cut.png': 'image_corrupt',
      'good.png': 'indexed',
    });
    const version = bench.objects.peek('cut.png')?.info.version;
    expect(bench.reject('cut.png')).toEqual({
      key: 'cut.png',
      version,
      code: 'image_corrupt',
      detail: expect.stringMatching(/^Cannot /) as unknown,
    });
    for (const key of Object.keys(bad)) expect(bench.thumbnail(key)).toBeUndefined();
  });

  it('is not even read when it is too large', async () => {
    const bench = createIndexBench();
    bench.objects.upload('huge.png', new Uint8Array(50_000_001));
    expect(await bench.look('huge.png')).toEqual({ 'huge.png': 'image_too_large' });
    expect(bench.counts()).not.toHaveProperty('get');
    expect(bench.reject('huge.png')?.code).toBe('image_too_large');
  });

  it('is no longer found as it was', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    await bench.look('a.png');
    bench.objects.upload('a.png', text);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'not_an_image' });
    expect(await bench.record('a.png')).toBeUndefined();
    expect(bench.thumbnail('a.png')).toBeUndefined();
    expect(bench.reject('a.png')?.code).toBe('not_an_image');
  });

  it('is on the list no longer when a good one takes its place', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', text);
    await bench.look('a.png');
    bench.objects.upload('a.png', red);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
    expect(bench.reject('a.png')).toBeUndefined();
    expect(bench.thumbnail('a.png')).toBeDefined();
  });

  it('is found among many that are looked at together, in one request', async () => {
    const keys = Array.from({ length: 20 }, (_, n) => `${n}.png`);
    const bench = createIndexBench();
    for (const key of keys) bench.objects.upload(key, text);
    await bench.look(...keys);
    for (const key of keys) bench.objects.upload(key, red);
    bench.counts();
    await bench.look(...keys);
    // Of each a look, a read, a thumbnail and another look.
    expect(bench.counts()).toEqual({ head: 40, list: 1, get: 20, put: 20, remove: 1 });
    for (const key of keys) expect(bench.reject(key)).toBeUndefined();
  });

  it('is also one that is encoded, but can never have a thumbnail', async () => {
    const corrupt = failure('image_corrupt', 'Cannot make it smaller');
    const pictures = { ...createPictureReader(), thumbnail: async () => err(corrupt) };
    const bench = createIndexBench({ pictures });
    bench.objects.upload('a.png', red);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'image_corrupt' });
    expect(await bench.record('a.png')).toBeUndefined();
    expect(bench.reject('a.png')?.detail).toBe('Cannot make it smaller');
  });
});
