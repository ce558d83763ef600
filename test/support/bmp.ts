import type { RawImage } from './images.ts';

export interface BmpFields {
  readonly width: number;
  /** Negative: the top row comes first. */
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  readonly palette?: readonly number[];
  readonly masks?: readonly number[];
  /** Bytes between the header and the pixels. */
  readonly gap?: number;
  readonly headerSize?: number;
  readonly pixels: Uint8Array;
}

/** A BMP file of exactly these fields, true or not. */
export function bmpFile(fields: BmpFields): Buffer {
  const { width, height, bits, compression = 0, palette = [], masks = [], gap = 0 } = fields;
  const { headerSize = 40, pixels } = fields;
  const isOld = headerSize === 12;
  const masksBehind = headerSize === 40 ? masks.length * 4 : 0;
  const tables = masksBehind + palette.length * (isOld ? 3 : 4);
  const offset = 14 + headerSize + tables + gap;
  const head = Buffer.alloc(offset);
  head.write('BM');
  head.writeUInt32LE(offset + pixels.length, 2);
  head.writeUInt32LE(offset, 10);
  head.writeUInt32LE(headerSize, 14);
  if (isOld) {
    for (const [index, value] of [width, height, 1, bits].entries()) {
      head.writeUInt16LE(value, 18 + index * 2);
    }
  } else {
    head.writeInt32LE(width, 18);
    head.writeInt32LE(height, 22);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(compression, 30);
    masks.forEach((mask, index) => head.writeUInt32LE(mask, 54 + index * 4));
  }
  palette.forEach((colour, index) => {
    head.writeUIntLE(colour, offset - gap - (palette.length - index) * (isOld ? 3 : 4), 3);
  });
  return Buffer.concat([head, pixels]);
}

/** A plain BMP of 24 or 32 bits a pixel. */
export function bmpOf(
  image: RawImage,
  options: { bits?: 24 | 32; topDown?: boolean } = {},
): Buffer {
  const { width, height, data } = image;
  const { bits = 24, topDown = false } = options;
  const bytes = bits / 8;
  const stride = Math.ceil((width * bits) / 32) * 4;
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const row = topDown ? y : height - 1 - y;
    for (let x = 0; x < width; x += 1) {
      const [red = 0, green = 0, blue = 0] = data.subarray((y * width + x) * 3);
      pixels.set([blue, green, red], row * stride + x * bytes);
    }
  }
  return bmpFile({ width, height: topDown ? -height : height, bits, pixels });
}
