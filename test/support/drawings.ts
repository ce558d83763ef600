import sharp from 'sharp';
import { type Rgb } from './images.ts';
import { seededRandom } from './random.ts';

const shapes: Readonly<Record<string, string>> = {
  'red-heart':
    '<path fill="#dd2e44" d="M64 118C24 88 6 66 6 42 6 22 20 10 36 10c12 0 22 6 28 18 6-12 16-18 28-18 16 0 30 12 30 32 0 24-18 46-58 76z"/>',
  'blue-circle': '<circle cx="64" cy="64" r="56" fill="#2b6cd6"/>',
};

/** A small PNG: a shape on white, or by any other name a picture that no other name has. */
export async function drawPicture(name: string): Promise<Buffer> {
  const shape = shapes[name];
  if (shape === undefined) return plainPicture(colourOf(name));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128"><rect width="128" height="128" fill="#fff"/>${shape}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** One of sixteen million colours, the same for the same text. */
export function colourOf(text: string): Rgb {
  let seed = 7;
  for (const sign of text) seed = Math.imul(seed, 31) + (sign.codePointAt(0) ?? 0);
  const random = seededRandom(seed);
  return [0, 0, 0].map(() => Math.floor(random() * 256)) as unknown as Rgb;
}

export function plainPicture([r, g, b]: Rgb, side = 24): Promise<Buffer> {
  const create = { width: side, height: side, channels: 3, background: { r, g, b } } as const;
  return sharp({ create }).png().toBuffer();
}
