import type { UploadType } from '../core/upload-request.ts';

const endings: Readonly<Record<string, UploadType>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  bmp: 'image/bmp',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  gif: 'image/gif',
  avif: 'image/avif',
};

const known: ReadonlySet<string> = new Set(Object.values(endings));

/**
 * The type that a file is uploaded as. Where the system knows none, or calls a picture by a name of
 * its own, such as `image/x-ms-bmp`, the file's name says it.
 */
export function pictureType(name: string, type: string): string {
  if (known.has(type) || (type !== '' && !type.startsWith('image/'))) return type;
  return endings[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? type;
}
