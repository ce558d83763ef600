import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { openOnnxSession } from '../adapters/onnx-session.ts';
import type { Encoder } from '../core/ports.ts';
import { expectOk } from './support/expect-ok.ts';
import { colours, encodeImage, noise, pngOf, quarters } from './support/images.ts';
import { similarity } from './support/similarity.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';
import { tinyClip, type TinyClipParts, writeTinyClip } from './support/tiny-clip.ts';

/** What PyTorch answers for the same weights. */
const expected = z
  .object({
    texts: z.array(z.object({ text: z.string(), vector: z.array(z.number()) })),
    pixels: z.array(z.object({ formula: z.string(), vector: z.array(z.number()) })),
  })
  .parse(JSON.parse(readFileSync(join(tinyClip, 'expected.json'), 'utf8')));

describe('A CLIP as its exports come', () => {
  const temporaryDirectory = useTemporaryDirectories();

  async function open(parts: Partial<TinyClipParts> = {}): Promise<Encoder> {
    const directory = await temporaryDirectory();
    await writeTinyClip(directory, parts);
    const encoder = expectOk(await createOnnxEncoder({ directory, threads: 1 }));
    onTestFinished(() => encoder.close());
    return encoder;
  }

  async function vectorsOf(encoder: Encoder, texts: readonly string[]): Promise<Float32Array[]> {
    return expectOk(await encoder.encodeTexts(texts)).map(({ vector }) => vector);
  }

  it.each([
    ['text-dynamic', 0.99999],
    ['text-fixed', 0.99999],
    ['text-per-token', 0.99999],
    ['text-fp16', 0.999],
    ['text-int8', 0.99],
    ['text-quantized', 0.98],
  ])('gives the vectors of the reference for %s', async (text, leastSimilarity) => {
    const encoder = await open({ text });
    const texts = expected.texts.map((one) => one.text);
    const together = await vectorsOf(encoder, texts);
    for (const [place, { vector }] of expected.texts.entries()) {
      expect(similarity(Float32Array.from(vector), together[place])).toBeGreaterThan(
        leastSimilarity,
      );
    }
  });

  it('gives the same vector at a text’s own length and padded to the context length', async () => {
    const own = await open();
    const padded = await open({ manifest: { padding: { id: 0, rule: 'read' } } });
    const captions = makeCaptions();
    expect(captions).toHaveLength(200);
    const [short, long] = [await vectorsOf(own, captions), await vectorsOf(padded, captions)];
    for (const place of captions.keys()) {
      expect(similarity(short[place], long[place])).toBeGreaterThanOrEqual(0.9999);
    }
    expect(new Set(short.map((vector) => vector.slice(0, 3).join())).size).toBe(200);
  });

  it.each(['last', 'first', 'mean'])('pools per token at: %s', async (rule) => {
    const pooling = { text: rule, image: 'first' };
    const [pooled] = await vectorsOf(
      await open({ text: 'text-per-token', manifest: { pooling } }),
      ['a dog in the snow'],
    );
    const [end] = await vectorsOf(await open(), ['a dog in the snow']);
    expect(Math.hypot(...(pooled ?? []))).toBeCloseTo(1, 5);
    expect(similarity(pooled, end)).toBeLessThan(0.99);
  });

  it('gives the vectors of the reference for pixels', async () => {
    const start = { path: join(tinyClip, 'image-dynamic.onnx'), options: {} };
    const session = expectOk(await openOnnxSession(start));
    onTestFinished(() => session.close());
    for (const { formula, vector } of expected.pixels) {
      const data = pixelsBy(formula);
      const feed = { name: session.inputs[0]?.name ?? '', type: 'float32', data } as const;
      const shape = [1, 3, 32, 32];
      const output = session.outputs[0]?.name ?? '';
      const given = expectOk(await session.run([{ ...feed, shape }], output));
      expect(similarity(Float32Array.from(vector), given.data)).toBeGreaterThan(0.99999);
    }
  });

  it.each([
    ['image-fixed', 0.99999],
    ['image-per-patch', 0.99999],
    ['image-fp16', 0.999],
  ])('gives the same vectors for %s', async (image, leastSimilarity) => {
    const files = await Promise.all([
      encodeImage(noise(90, 60), 'png'),
      encodeImage(quarters(60, 90), 'jpeg'),
      pngOf(colours.red),
    ]);
    const [given, plain] = await Promise.all(
      [await open({ image }), await open()].map(async (encoder) =>
        expectOk(await encoder.encodeImages(files)).map((one) => expectOk(one).vector),
      ),
    );
    for (const place of files.keys()) {
      expect(similarity(given?.[place], plain?.[place])).toBeGreaterThan(leastSimilarity);
    }
  });
});

/** A picture's tensor, number by number. */
const formulas: Readonly<Record<string, (i: number) => number>> = {
  'sin(i / 7)': (i) => Math.sin(i / 7),
  '(i % 97) / 48 - 1': (i) => (i % 97) / 48 - 1,
};

function pixelsBy(formula: string): Float32Array<ArrayBuffer> {
  const value = formulas[formula];
  if (!value) throw new Error(`Cannot make pixels as this formula is not known: ${formula}`);
  return Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => value(i));
}

/** Two hundred captions of 3 to 30 words. */
function makeCaptions(): string[] {
  const things = ['a dog', 'two red cars', 'an old woman', 'the cat', 'a slice of pizza'];
  const doings = ['playing', 'on a table', 'waiting for the bus', 'seen from above'];
  const places = ['in the snow', 'at night', 'near a river', 'under trees', ''];
  const more = ['', 'with mountains and clouds behind, painted by a child with a very thick brush'];
  return things.flatMap((thing) =>
    doings.flatMap((doing) =>
      places.flatMap((place) => more.map((rest) => [thing, doing, place, rest].join(' '))),
    ),
  );
}
