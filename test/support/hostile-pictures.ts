import type { FailureCode } from '../../core/failure.ts';
import { bmpFile, bmpOf } from './bmp.ts';
import { exifBlock, exifTags, jpegWithExif } from './exif.ts';
import { type FileFormat, encodeImage, noise, quarters, sharpOf, truncated } from './images.ts';
import { deflatedZeros, pngChunk, pngHeader, pngOfChunks } from './png-parts.ts';

export interface HostileObject {
  /** What it is. */
  readonly name: string;
  readonly key: string;
  readonly bytes: Uint8Array;
  /** What the pipeline makes of it. */
  readonly becomes: 'indexed' | FailureCode;
}

type Row = readonly [
  name: string,
  key: string,
  bytes: Uint8Array,
  becomes: HostileObject['becomes'],
];

/** 50 objects that are no pictures, or wish the reader ill, or have keys that do. Each under 11 MB. */
export async function createHostileObjects(): Promise<readonly HostileObject[]> {
  const rows = [
    ...noPictures(),
    ...(await cutOff()),
    ...(await tooLarge()),
    ...(await bombs()),
    ...(await lies()),
    ...(await keys()),
  ];
  return rows.map(([name, key, bytes, becomes]) => ({ name, key, bytes, becomes }));
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<script>fetch("http://127.0.0.1:9/")</script><image xlink:href="file:///etc/passwd" width="9"/></svg>`;
const html = '<!doctype html><script>alert(1)</script><img src=x onerror=alert(1)>';

function noPictures(): readonly Row[] {
  const text = (words: string): Buffer => Buffer.from(words, 'latin1');
  return [
    ['an empty file', 'hostile/empty.jpg', Buffer.alloc(0), 'image_empty'],
    ['one byte', 'hostile/one-byte.png', Buffer.from([0x89]), 'not_an_image'],
    ['HTML named as a JPEG', 'hostile/page.jpg', text(html), 'not_an_image'],
    ['SVG with a script and outside references', 'hostile/script.svg', text(svg), 'not_an_image'],
    ['SVG named as a PNG', 'hostile/svg.png', text(`<?xml version="1.0"?>${svg}`), 'not_an_image'],
    ['PDF named as a JPEG', 'hostile/pdf.jpg', text('%PDF-1.7\n%\xe2\xe3\n'), 'not_an_image'],
    [
      'an archive named as a WebP',
      'hostile/zip.webp',
      text('PK\x03\x04\x14\0\0\0'),
      'not_an_image',
    ],
    [
      'a HEIC file',
      'hostile/phone.heic',
      text('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
      'not_an_image',
    ],
    [
      'a GIF that is a script',
      'hostile/script.gif',
      text('GIF89a/*\0*/=1;alert(1)//'),
      'image_corrupt',
    ],
  ];
}

async function cutOff(): Promise<readonly Row[]> {
  const jpeg = await encodeImage(noise(320, 240), 'jpeg');
  const progressive = await sharpOf(noise(320, 240)).jpeg({ progressive: true }).toBuffer();
  const cut = async (format: FileFormat, share: number): Promise<Row> => {
    const bytes = truncated(await encodeImage(noise(320, 240), format), share);
    return [`half of a ${format}`, `hostile/cut.${format}`, bytes, 'image_corrupt'];
  };
  return [
    [
      'a JPEG cut off in its header',
      'hostile/cut-header.jpg',
      jpeg.subarray(0, 40),
      'image_corrupt',
    ],
    ['a tenth of a JPEG', 'hostile/cut-early.jpg', truncated(jpeg, 0.1), 'image_corrupt'],
    ['most of a JPEG', 'hostile/cut-late.jpg', truncated(jpeg, 0.98), 'image_corrupt'],
    [
      'half of a progressive JPEG',
      'hostile/cut-scans.jpg',
      truncated(progressive, 0.5),
      'image_corrupt',
    ],
    ...(await Promise.all(
      (['png', 'webp', 'gif', 'tiff', 'avif'] as const).map((format) => cut(format, 0.5)),
    )),
    ['half of a BMP', 'hostile/cut.bmp', truncated(bmpOf(noise(320, 240)), 0.5), 'image_corrupt'],
  ];
}

async function tooLarge(): Promise<readonly Row[]> {
  const flat = (side: number): Buffer =>
    pngOfChunks(pngHeader(side, side), pngChunk('IDAT', deflatedZeros(side * (side + 1))));
  const jpeg = Buffer.from(await encodeImage(noise(16, 16), 'jpeg'));
  // The frame header: marker, length, 8 bits, height, width.
  const frame = jpeg.indexOf(Buffer.from('ffc0', 'hex'));
  jpeg.fill(0xff, frame + 5, frame + 9);
  const gif = Buffer.from(await encodeImage(noise(16, 16), 'gif'));
  // The screen, and the only frame: marker, left, top, width, height.
  gif.fill(0xff, 6, 10);
  const picture = gif.indexOf(Buffer.from('2c00000000', 'hex'));
  gif.fill(0xff, picture + 5, picture + 9);
  const bmp = bmpFile({ width: 100_000, height: 100_000, bits: 24, pixels: Buffer.alloc(64) });
  return [
    ['12,000 x 12,000 pixels', 'hostile/12000.png', flat(12_000), 'image_too_large'],
    // More than the format's decoders take.
    ['a JPEG that says 65,535 x 65,535', 'hostile/65535.jpg', jpeg, 'image_corrupt'],
    ['a GIF that says 65,535 x 65,535', 'hostile/65535.gif', gif, 'image_too_large'],
    ['a BMP that says 100,000 x 100,000', 'hostile/100000.bmp', bmp, 'image_too_large'],
    ['a PNG of 3.5 MB and 3.6 GB', 'hostile/bomb-large.png', flat(60_000), 'image_too_large'],
    ['as many pixels as may be', 'hostile/10000.png', flat(10_000), 'indexed'],
  ];
}

async function bombs(): Promise<readonly Row[]> {
  const jpeg = await encodeImage(quarters(), 'jpeg');
  const gigabyte = deflatedZeros(1_000_000_000);
  const small = [pngHeader(16, 16), pngChunk('IDAT', deflatedZeros(272))] as const;
  const named = (name: string, method: string): Buffer =>
    Buffer.concat([Buffer.from(`${name}\0${method}`, 'latin1'), gigabyte]);
  const field = { tag: exifTags.taken, type: 1, count: 0xffffff, value: 8 };
  const fields = exifBlock([Array.from({ length: 5400 }, () => field)]);
  const circle = exifBlock([
    [
      { tag: exifTags.photo, directory: 0 },
      { tag: exifTags.gps, directory: 0 },
    ],
  ]);
  const frames = Array.from({ length: 10_000 }, (_, n) => gifFrame(n % 2));
  const gif = Buffer.concat([gifStart(), ...frames, Buffer.from([0x3b])]);
  const rle = bmpFile({
    width: 3000,
    height: 3000,
    bits: 8,
    compression: 1,
    palette: [0xff],
    pixels: Buffer.from([0, 1]),
  });
  return [
    [
      'a PNG of 16 x 16 with a gigabyte of data',
      'hostile/bomb-small.png',
      pngOfChunks(pngHeader(16, 16), pngChunk('IDAT', gigabyte)),
      'indexed',
    ],
    [
      'a PNG with a profile of a gigabyte',
      'hostile/bomb-icc.png',
      pngOfChunks(small[0], pngChunk('iCCP', named('icc', '\0')), small[1]),
      'indexed',
    ],
    [
      'a PNG with a text of a gigabyte',
      'hostile/bomb-text.png',
      pngOfChunks(small[0], pngChunk('zTXt', named('Comment', '\0')), small[1]),
      'indexed',
    ],
    [
      'EXIF of nothing but long fields',
      'hostile/bomb-exif.jpg',
      jpegWithExif(jpeg, fields),
      'indexed',
    ],
    [
      'EXIF that is its own directory',
      'hostile/circle-exif.jpg',
      jpegWithExif(jpeg, circle),
      'indexed',
    ],
    ['a GIF of 10,000 frames', 'hostile/frames.gif', gif, 'indexed'],
    ['a BMP of 60 bytes and 9 million pixels', 'hostile/runs.bmp', rle, 'indexed'],
    [
      '1 x 65,000 pixels',
      'hostile/long.png',
      await encodeImage(noise(1, 65_000), 'png'),
      'indexed',
    ],
  ];
}

/** 64 x 64 pixels, black and white. */
function gifStart(): Buffer {
  return Buffer.from('47494638396140004000800000000000ffffff', 'hex');
}

/** One pixel in the corner: black or white, for a hundredth of a second. */
function gifFrame(colour: number): Buffer {
  const control = Buffer.from('21f9040001000000', 'hex');
  const place = Buffer.from('2c00000000010001000002', 'hex');
  // Clear, the colour, end: 3 bits each, from the lowest.
  const codes = 4 | (colour << 3) | (5 << 6);
  return Buffer.concat([control, place, Buffer.from([2, codes & 255, codes >> 8, 0])]);
}

async function lies(): Promise<readonly Row[]> {
  const jpeg = await encodeImage(quarters(), 'jpeg');
  const webp = await encodeImage(noise(64, 64), 'webp');
  const longer = Buffer.from(webp);
  longer.writeUInt32LE(0x7fffffff, 4);
  const chunk = Buffer.from(webp);
  chunk.writeUInt32LE(0xfffffff0, 16);
  const tiff = Buffer.from(await sharpOf(quarters()).tiff({ compression: 'none' }).toBuffer());
  const first = tiff.readUInt32LE(4);
  tiff.writeUInt32LE(first, first + 2 + tiff.readUInt16LE(first) * 12);
  const avif = Buffer.from(await encodeImage(noise(64, 64), 'avif'));
  avif.fill(0xff, avif.indexOf('meta') + 4, avif.indexOf('meta') + 60);
  const comment = Buffer.from(`\xff\xfe\0\x46${html.padEnd(68)}`, 'latin1');
  return [
    ['a WebP that says it is longer', 'hostile/lies-riff.webp', longer, 'image_corrupt'],
    ['a WebP whose chunk says it is longer', 'hostile/lies-chunk.webp', chunk, 'image_corrupt'],
    ['a TIFF whose directories go in a circle', 'hostile/circle.tiff', tiff, 'image_corrupt'],
    ['an AVIF with damaged boxes', 'hostile/boxes.avif', avif, 'image_corrupt'],
    [
      'a JPEG that is HTML as well',
      'hostile/polyglot.html',
      Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]),
      'indexed',
    ],
    [
      'a JPEG that is an archive as well',
      'hostile/polyglot.zip',
      Buffer.concat([jpeg, Buffer.from('PK\x05\x06'.padEnd(22, '\0'), 'latin1')]),
      'indexed',
    ],
    ['a JPEG named as a PNG', 'hostile/jpeg.png', jpeg, 'indexed'],
  ];
}

async function keys(): Promise<readonly Row[]> {
  const file = await encodeImage(quarters(), 'png');
  const named: Readonly<Record<string, string>> = {
    'a space and a plus': 'hostile/a b+c.png',
    'letters and their accents in one': 'hostile/caf\u00e9.png',
    'letters and their accents apart': 'hostile/cafe\u0301.png',
    'a line break': 'hostile/two\nlines.png',
    'two dots': 'hostile/../../escape.png',
    'two dots, encoded': 'hostile/%2e%2e/%2E%2E/escape.png',
    'a slash before it': '/hostile/slash.png',
    'as many bytes as may be': `hostile/${'long/'.repeat(202)}pic.png`.slice(-1024),
    'an emoji': 'hostile/\u{1f436}\u{1f3fd}.png',
    'quotes and signs': `hostile/"'<b>&?#%\\.png`,
  };
  return Object.entries(named).map(([name, key]) => [`a key with ${name}`, key, file, 'indexed']);
}
