import { array, assert, asyncProperty, integer, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader, writeFrames } from './picture-frames.ts';

function* cutUp(whole: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, piece = 0; at < whole.length; piece += 1) {
    const size = sizes[piece % sizes.length] ?? 1;
    yield whole.subarray(at, at + size);
    at += size;
  }
}

describe('pictures in one body', () => {
  it('come out as they went in, however the network cuts them up', async () => {
    const pictures = array(uint8Array({ maxLength: 9 }), { maxLength: 6 });
    const cuts = array(integer({ min: 1, max: 20 }), { minLength: 1 });
    await assert(
      asyncProperty(pictures, cuts, async (images, sizes) => {
        const whole = Buffer.concat(await Array.fromAsync(writeFrames(images)));
        const reader = createFrameReader({ images: 6, bytes: 9 });
        for (const piece of cutUp(whole, sizes)) expect(reader.add(piece)).toBeUndefined();
        expect(reader.end()).toBeUndefined();
        expect(reader.images).toEqual(images.map((image) => Uint8Array.from(image)));
      }),
    );
  });

  it('are refused when one, or their number, is over the limit', () => {
    const limits = { images: 2, bytes: 9 };
    expect(createFrameReader(limits).add(Buffer.of(10, 0, 0, 0))?.code).toBe('body_too_large');
    expect(createFrameReader(limits).add(new Uint8Array(12))?.code).toBe('invalid_field');
    expect(createFrameReader(limits).add(new Uint8Array(8))).toBeUndefined();
  });

  it('are refused when the body ends within one', () => {
    const reader = createFrameReader({ images: 2, bytes: 9 });
    expect(reader.add(Buffer.of(2, 0, 0, 0, 1))).toBeUndefined();
    expect(reader.end()?.code).toBe('invalid_field');
  });
});
