import sharp from 'sharp';
import type { PictureReader } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { decodeInTurn, settleSharp } from './decoding-gate.ts';
import { checkPicture } from './picture-check.ts';
import { readHeader } from './picture-decoder.ts';
import { readExifFacts } from './picture-facts.ts';
import type { PictureFormat } from './picture-format.ts';
import { makeThumbnail } from './thumbnails.ts';

const types = {
  JPEG: 'image/jpeg',
  PNG: 'image/png',
  WebP: 'image/webp',
  BMP: 'image/bmp',
  TIFF: 'image/tiff',
  GIF: 'image/gif',
  AVIF: 'image/avif',
} as const satisfies Record<PictureFormat, string>;

/** Settles sharp for the whole process: see `settleSharp`. */
export function createPictureReader(): PictureReader {
  settleSharp();
  return {
    async facts(image) {
      const format = checkPicture(image);
      if (!format.ok) return format;
      const exif = await readExif(image, format.value);
      return ok({ type: types[format.value], ...(exif && readExifFacts(exif)) });
    },
    async thumbnail(image, signal) {
      const format = checkPicture(image);
      if (!format.ok) return format;
      const header = await readHeader(image, format.value);
      if (!header.ok) return header;
      const make = () => makeThumbnail(image, header.value);
      return decodeInTurn(header.value.size, make, signal);
    },
  };
}

async function readExif(image: Uint8Array, format: PictureFormat): Promise<Uint8Array | undefined> {
  if (format === 'BMP') return undefined;
  if (format === 'TIFF') return image;
  try {
    const { exif } = await sharp(image, { limitInputPixels: false }).metadata();
    return exif;
  } catch {
    // Whoever decodes it says what is wrong with it.
    return undefined;
  }
}
