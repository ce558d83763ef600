import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import type { Vector } from '../core/model.ts';
import type { Encoder } from '../core/ports.ts';
import { expectOk } from './support/expect-ok.ts';

const root = join(import.meta.dirname, '..');
const { resolve } = createRequire(import.meta.url);

const Pack = z.object({
  icons: z.record(z.string(), z.object({ body: z.string() })),
  width: z.number(),
  height: z.number(),
});
const Phrases = z.array(z.object({ phrase: z.string(), relevant: z.array(z.string()) }));
const Quality = z.object({
  nameToPicture: z.object({ recallAt1: z.number(), recallAt10: z.number() }),
  phrases: z.object({ share: z.number() }),
});

const pack = read(resolve('@iconify-json/fluent-emoji-flat/icons.json'), Pack);
const phrases = read(join(root, 'models/training/phrases.json'), Phrases);
const claimed = read(join(root, 'models/demo/quality.json'), Quality);

const names = Object.keys(pack.icons).filter((name) => !isToned(name) && merged(name) === name);

let encoder: Encoder;
/** One for each of `names`. */
let pictures: Vector[];

beforeAll(async () => {
  encoder = expectOk(await createOnnxEncoder({ directory: join(root, 'models/demo') }));
  pictures = await encodePictures();
});

afterAll(() => encoder.close());

describe('the built-in model, on a style that it was not trained on', () => {
  it('knows that style by nothing but the pictures', () => {
    expect(names.length).toBeGreaterThan(1300);
  });

  it('finds the picture of a name', async () => {
    const found = await ranksOf(names.map((name) => [name.replaceAll('-', ' '), [name]]));
    const recallAt = (k: number) => found.filter((rank) => rank <= k).length / found.length;
    expect(recallAt(10)).toBeGreaterThanOrEqual(0.75);
    // What the model card says holds in the product's own pipeline, too.
    expect(recallAt(1)).toBeCloseTo(claimed.nameToPicture.recallAt1, 1);
    expect(recallAt(10)).toBeCloseTo(claimed.nameToPicture.recallAt10, 1);
  });

  it('finds a right picture among the first five for natural phrases', async () => {
    const found = await ranksOf(
      phrases.map(({ phrase, relevant }) => [phrase, relevant.map(merged)]),
    );
    const share = found.filter((rank) => rank <= 5).length / found.length;
    expect(phrases).toHaveLength(60);
    expect(share).toBeGreaterThanOrEqual(0.8);
    expect(share).toBeCloseTo(claimed.phrases.share, 1);
  });
});

/** For each query the rank, from 1, of the best relevant picture. */
async function ranksOf(
  queries: readonly (readonly [text: string, relevant: readonly string[]])[],
): Promise<number[]> {
  const texts = expectOk(await encoder.encodeTexts(queries.map(([text]) => text)));
  return queries.map(([, relevant], place) => {
    const query = texts[place]?.vector ?? new Float32Array();
    const scores = pictures.map((vector) => dot(query, vector));
    const best = Math.max(...relevant.map((name) => scores[names.indexOf(name)] ?? -1));
    return 1 + scores.filter((score) => score > best).length;
  });
}

async function encodePictures(): Promise<Vector[]> {
  const files = await Promise.all(names.map(draw));
  const encoded = expectOk(await encoder.encodeImages(files));
  return encoded.map((image) => expectOk(image).vector);
}

function draw(name: string): Promise<Buffer> {
  const { body } = pack.icons[name] ?? { body: '' };
  const view = `0 0 ${pack.width} ${pack.height}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="128" height="128" viewBox="${view}">${body}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** `woman-pilot` and `man-pilot` are `pilot` where the pack has it: one picture per concept. */
function merged(name: string): string {
  const [, plain] = /^(?:man|woman)-(.+)$/.exec(name) ?? [];
  if (plain === undefined) return name;
  return [`person-${plain}`, plain].find((other) => Object.hasOwn(pack.icons, other)) ?? name;
}

/** The five skin tones of a drawing come together: `police-car-light` is no light police car. */
function isToned(name: string): boolean {
  const plain = name.replace(/-(?:light|medium-light|medium|medium-dark|dark)$/, '');
  return plain !== name && Object.hasOwn(pack.icons, `${plain}-medium-dark`);
}

// A plain loop: two million of these are asked for.
function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let place = 0; place < a.length; place += 1) sum += (a[place] ?? 0) * (b[place] ?? 0);
  return sum;
}

function read<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
}
