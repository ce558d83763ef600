import path from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vector } from '../core/model.ts';
import type { EncodedImage, Encoder } from '../core/ports.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { colours, encodeImage, noise, plain, quarters, truncated } from '../test/support/images.ts';
import { seededRandom } from '../test/support/random.ts';
import { similarity } from '../test/support/similarity.ts';
import { createOnnxEncoder } from './onnx-encoder.ts';

const demo = path.resolve(import.meta.dirname, '../models/demo');

interface Poison {
  readonly file: Buffer;
  readonly code: string;
}

/** A PNG that says it is larger than it is, with the right sum over what it says. */
function claimSize(png: Buffer, width: number, height: number): Buffer {
  const bomb = Buffer.from(png);
  bomb.writeUInt32BE(width, 16);
  bomb.writeUInt32BE(height, 20);
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  return bomb;
}

function withWrongByte(file: Buffer, at: number): Buffer {
  const wrong = Buffer.from(file);
  wrong.writeUInt8(wrong.readUInt8(at) ^ 0x55, at);
  return wrong;
}

async function poisons(): Promise<Poison[]> {
  const image = noise(90, 70);
  const [jpeg, png, gif, webp, avif, tiff] = await Promise.all(
    (['jpeg', 'png', 'gif', 'webp', 'avif', 'tiff'] as const).map((format) =>
      encodeImage(image, format),
    ),
  );
  const cut = [jpeg, png, gif, webp, avif, tiff].map((file) => truncated(file ?? Buffer.of(), 0.7));
  const sound = png ?? Buffer.of();
  return [
    ...cut.map((file) => ({ file, code: 'image_corrupt' })),
    { file: withWrongByte(sound, Math.floor(sound.length / 2)), code: 'image_corrupt' },
    { file: claimSize(sound, 9000, 9000), code: 'image_corrupt' },
    { file: claimSize(sound, 60_000, 60_000), code: 'image_too_large' },
    { file: claimSize(sound, 2_000_000_000, 1), code: 'image_corrupt' },
    { file: Buffer.of(), code: 'image_empty' },
    { file: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), code: 'not_an_image' },
    { file: Buffer.from('ffd8ffe000104a46', 'hex'), code: 'image_corrupt' },
  ];
}

/** The same order for the same seed. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const random = seededRandom(seed);
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((one, other) => one.key - other.key)
    .map(({ item }) => item);
}

describe('a batch of 32 pictures for the demo model', () => {
  let encoder: Encoder;
  beforeAll(async () => {
    encoder = expectOk(await createOnnxEncoder({ directory: demo }));
  });
  afterAll(() => encoder.close());

  async function encodeAlone(file: Uint8Array): Promise<EncodedImage> {
    const [encoded] = expectOk(await encoder.encodeImages([file]));
    if (!encoded) throw new Error('nothing came back');
    return expectOk(encoded);
  }

  it('loses the poisoned ones alone, wherever they stand', async () => {
    const bad = await poisons();
    const good = await Promise.all(
      Array.from({ length: 32 - bad.length }, async (_, place) => {
        const image = place % 2 === 0 ? noise(50 + place, 40, place + 7) : quarters(40, 30 + place);
        const file = await encodeImage(image, place % 3 === 0 ? 'jpeg' : 'png');
        return { file, alone: (await encodeAlone(file)).vector };
      }),
    );
    for (let seed = 1; seed <= 4; seed += 1) {
      const batch = shuffled<Poison | { file: Buffer; alone: Vector }>([...bad, ...good], seed);
      const results = expectOk(await encoder.encodeImages(batch.map(({ file }) => file)));
      expect(results).toHaveLength(32);
      for (const [place, result] of results.entries()) {
        const one = batch[place];
        if (one && 'alone' in one) {
          expect(similarity(expectOk(result).vector, one.alone)).toBeGreaterThan(0.99999);
        } else expect(expectFailure(result).code).toBe(one?.code);
      }
    }
  });

  it('takes the longest and the smallest pictures', async () => {
    const sizes = [
      [1, 1],
      [20_000, 10],
      [10, 20_000],
      [1, 65_000],
      [65_000, 1],
    ] as const;
    const usual = await encodeAlone(await encodeImage(plain(colours.blue, 64, 64), 'png'));
    const files = await Promise.all(
      sizes.map(([width, height]) => encodeImage(plain(colours.blue, width, height), 'png')),
    );
    const results = expectOk(await encoder.encodeImages(files));
    expect(results).toHaveLength(sizes.length);
    for (const [place, result] of results.entries()) {
      const [width, height] = sizes[place] ?? [];
      const encoded = expectOk(result);
      expect(encoded).toMatchObject({ width, height });
      expect(similarity(encoded.vector, usual.vector)).toBeGreaterThan(0.999);
    }
  });
});
