/** A field of EXIF for `exifBlock`: values of a type, or text, or the number of a directory. */
export type ExifEntry =
  | { readonly tag: number; readonly text: string }
  | { readonly tag: number; readonly fractions: readonly (readonly [number, number])[] }
  | { readonly tag: number; readonly directory: number }
  /** Exactly this, true or not. */
  | { readonly tag: number; readonly type: number; readonly count: number; readonly value: number };

export const exifTags = {
  photo: 0x8769,
  gps: 0x8825,
  taken: 0x9003,
  takenOffset: 0x9011,
  latitudeRef: 1,
  latitude: 2,
  longitudeRef: 3,
  longitude: 4,
} as const;

/** A block of EXIF with these directories, the first one first. */
export function exifBlock(
  directories: readonly (readonly ExifEntry[])[],
  { little = true, prefix = true } = {},
): Buffer {
  const starts: number[] = [];
  let end = 8;
  for (const entries of directories) {
    starts.push(end);
    end += 2 + entries.length * 12 + 4;
  }
  const tails: Buffer[] = [];
  const head = Buffer.alloc(end);
  const u16 = (value: number, at: number): unknown =>
    little ? head.writeUInt16LE(value, at) : head.writeUInt16BE(value, at);
  const u32 = (value: number, at: number, to: Buffer = head): unknown =>
    little ? to.writeUInt32LE(value, at) : to.writeUInt32BE(value, at);
  head.write(little ? 'II' : 'MM', 0, 'latin1');
  u16(42, 2);
  u32(8, 4);
  directories.forEach((entries, index) => {
    let at = starts[index] ?? 0;
    u16(entries.length, at);
    at += 2;
    for (const entry of entries) {
      const { type, count, bytes } = valueOf(entry, (to) => starts[to] ?? to, u32);
      u16(entry.tag, at);
      u16(type, at + 2);
      u32(count, at + 4);
      if (bytes.length <= 4) bytes.copy(head, at + 8);
      else {
        u32(end, at + 8);
        tails.push(bytes);
        end += bytes.length;
      }
      at += 12;
    }
  });
  return Buffer.concat([Buffer.from(prefix ? 'Exif\0\0' : '', 'latin1'), head, ...tails]);
}

function valueOf(
  entry: ExifEntry,
  startOf: (directory: number) => number,
  u32: (value: number, at: number, to: Buffer) => unknown,
): { readonly type: number; readonly count: number; readonly bytes: Buffer } {
  if ('text' in entry) {
    const bytes = Buffer.from(`${entry.text}\0`, 'latin1');
    return { type: 2, count: bytes.length, bytes };
  }
  if ('fractions' in entry) {
    const bytes = Buffer.alloc(entry.fractions.length * 8);
    entry.fractions.flat().forEach((value, index) => u32(value, index * 4, bytes));
    return { type: 5, count: entry.fractions.length, bytes };
  }
  const bytes = Buffer.alloc(4);
  if ('directory' in entry) {
    u32(startOf(entry.directory), 0, bytes);
    return { type: 4, count: 1, bytes };
  }
  u32(entry.value, 0, bytes);
  return { type: entry.type, count: entry.count, bytes };
}

/** The same picture with this block (at most 65,533 bytes) as its EXIF. */
export function jpegWithExif(jpeg: Uint8Array, block: Uint8Array): Buffer {
  const marker = Buffer.from([0xff, 0xe1, 0, 0]);
  marker.writeUInt16BE(block.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), marker, block, jpeg.subarray(2)]);
}
