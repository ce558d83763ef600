import sharp, { type Sharp } from 'sharp';

export type Rgb = readonly [number, number, number];

export const colours = {
  red: [220, 30, 30],
  green: [30, 180, 60],
  blue: [40, 60, 210],
  yellow: [240, 220, 40],
  white: [255, 255, 255],
  black: [0, 0, 0],
} as const satisfies Record<string, Rgb>;

export interface RawImage {
  readonly width: number;
  readonly height: number;
  /** RGB, row by row. */
  readonly data: Uint8Array;
}

/** Pixels by a function of the place. */
export function rawImage(
  width: number,
  height: number,
  colourAt: (x: number, y: number) => Rgb,
): RawImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) data.set(colourAt(x, y), (y * width + x) * 3);
  }
  return { width, height, data };
}

/** Red, green over blue, yellow: every turn and mirroring of it looks different. */
export function quarters(width = 64, height = 64): RawImage {
  const { red, green, blue, yellow } = colours;
  return rawImage(width, height, (x, y) => {
    const left = x < width / 2;
    return y < height / 2 ? (left ? red : green) : left ? blue : yellow;
  });
}

export function plain(colour: Rgb, width = 48, height = 32): RawImage {
  return rawImage(width, height, () => colour);
}

/** Noise that does not compress away, the same for the same seed. */
export function noise(width: number, height: number, seed = 1): RawImage {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  return rawImage(width, height, () => [next(), next(), next()]);
}

export function sharpOf({ data, width, height }: RawImage): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

export const fileFormats = ['jpeg', 'png', 'webp', 'tiff', 'gif', 'avif'] as const;
export type FileFormat = (typeof fileFormats)[number];

export async function encodeImage(image: RawImage, format: FileFormat): Promise<Buffer> {
  const options = format === 'jpeg' ? { quality: 95, chromaSubsampling: '4:4:4' } : {};
  return sharpOf(image).toFormat(format, options).toBuffer();
}

/** A PNG of one colour: the shortest way to a valid picture. */
export async function pngOf(colour: Rgb, width?: number, height?: number): Promise<Buffer> {
  return encodeImage(plain(colour, width, height), 'png');
}

/**
 * The pixels stored as EXIF orientation 1 to 8 says, so that a viewer that follows it shows
 * `upright`. From the standard: which side of the picture the first row and column are.
 */
function storedWithOrientation(upright: RawImage, orientation: number): Sharp {
  const { width: w, height: h, data } = upright;
  const places: Record<number, (x: number, y: number) => readonly [number, number]> = {
    1: (x, y) => [x, y],
    2: (x, y) => [w - 1 - x, y],
    3: (x, y) => [w - 1 - x, h - 1 - y],
    4: (x, y) => [x, h - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y) => [w - 1 - y, x],
    7: (x, y) => [w - 1 - y, h - 1 - x],
    8: (x, y) => [y, h - 1 - x],
  };
  const turned = orientation > 4;
  const stored = rawImage(turned ? h : w, turned ? w : h, (x, y) => {
    const [ux = 0, uy = 0] = places[orientation]?.(x, y) ?? [];
    const at = (uy * w + ux) * 3;
    return [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
  });
  return sharpOf(stored).withMetadata({ orientation });
}

export async function jpegWithOrientation(upright: RawImage, orientation: number): Promise<Buffer> {
  return storedWithOrientation(upright, orientation)
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

/** The same in a format that changes no pixel. */
export async function losslessWithOrientation(
  upright: RawImage,
  orientation: number,
  format: 'png' | 'tiff' | 'webp',
): Promise<Buffer> {
  const options = { png: {}, tiff: { compression: 'lzw' }, webp: { lossless: true } } as const;
  return storedWithOrientation(upright, orientation).toFormat(format, options[format]).toBuffer();
}

/** The first part of a file, as an upload that broke off leaves it. */
export function truncated(file: Uint8Array, share = 0.6): Buffer {
  return Buffer.from(file.subarray(0, Math.floor(file.length * share)));
}
