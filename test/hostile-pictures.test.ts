import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { createPictureReader } from '../adapters/picture-reader.ts';
import type { Failure } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { EncodedImage, Encoder } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import { expectOk } from './support/expect-ok.ts';
import { createHostileObjects } from './support/hostile-pictures.ts';
import { encodeImage, quarters } from './support/images.ts';
import { similarity } from './support/similarity.ts';

const objects = await createHostileObjects();
const good = await encodeImage(quarters(320, 240), 'jpeg');

describe('a hostile object', () => {
  const reader = createPictureReader();
  let encoder: Encoder;
  let alone: Vector;

  beforeAll(async () => {
    const directory = path.resolve(import.meta.dirname, '../models/demo');
    encoder = expectOk(await createOnnxEncoder({ directory, device: 'cpu' }));
    alone = vectorOf(expectOk(await encoder.encodeImages([good]))[0]);
  });

  afterAll(async () => encoder.close());

  function vectorOf(result: Result<EncodedImage, Failure> | undefined): Vector {
    if (!result) throw new Error('Cannot go on as a picture has no result');
    return expectOk(result).vector;
  }

  const becomes = (result: Result<unknown, Failure> | undefined) =>
    result?.ok ? 'indexed' : result?.error.code;

  it('is one of fifty, each with a key of its own', () => {
    expect(objects).toHaveLength(50);
    expect(new Set(objects.map(({ key }) => key)).size).toBe(50);
    expect(objects.filter(({ bytes }) => bytes.length > 11_000_000)).toEqual([]);
    expect(objects.filter(({ key }) => Buffer.byteLength(key) > 1024)).toEqual([]);
  });

  it.each(objects)('that is $name is $becomes, alone', async (object) => {
    const results = expectOk(await encoder.encodeImages([good, object.bytes, good]));
    expect(becomes(results[1])).toBe(object.becomes);
    for (const beside of [results[0], results[2]]) {
      expect(similarity(vectorOf(beside), alone)).toBeGreaterThan(0.99999);
    }
    expect(becomes(await reader.thumbnail(object.bytes))).toBe(object.becomes);
    const facts = await reader.facts(object.bytes);
    // Facts tell no more than what it is, and never less than why it is nothing.
    if (facts.ok) expect(Object.keys(facts.value)).toEqual(['type']);
    else expect(facts.error.code).toBe(object.becomes);
  });

  it('takes little memory, all of them at once as well', async () => {
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
    const images = objects.map(({ bytes }) => bytes);
    const [encoded, ...thumbnails] = await Promise.all([
      encoder.encodeImages(images),
      ...images.map((image) => reader.thumbnail(image)),
    ]);
    clearInterval(watch);
    const expected = objects.map((object) => object.becomes);
    expect(expectOk(encoded).map(becomes)).toEqual(expected);
    expect(thumbnails.map(becomes)).toEqual(expected);
    expect((most - before) / 1e6).toBeLessThan(600);
  });
});
