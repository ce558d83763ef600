import { array, assert, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bmpOf } from '../test/support/bmp.ts';
import { type ExifEntry, exifBlock, exifTags, jpegWithExif } from '../test/support/exif.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  colours,
  encodeImage,
  type FileFormat,
  fileFormats,
  noise,
  plain,
  quarters,
  sharpOf,
} from '../test/support/images.ts';
import { readExifFacts } from './picture-facts.ts';
import { createPictureReader } from './picture-reader.ts';

const reader = createPictureReader();

const degrees = (whole: readonly [number, number]) => [whole, [0, 0], [0, 0]] as const;

function latitude(whole: readonly [number, number]): readonly ExifEntry[] {
  return [
    { tag: exifTags.latitudeRef, text: 'N' },
    { tag: exifTags.latitude, fractions: degrees(whole) },
  ];
}

function longitude(whole: readonly [number, number]): readonly ExifEntry[] {
  return [
    { tag: exifTags.longitudeRef, text: 'E' },
    { tag: exifTags.longitude, fractions: degrees(whole) },
  ];
}

/** As long as a JPEG's EXIF can be, of nothing but fields that each have all of it as their values. */
function manyFields(): Buffer {
  const field = { tag: 0x9003, type: 1, count: 0xffffff, value: 8 };
  return exifBlock([Array.from({ length: 5400 }, () => field)]);
}

const jpeg = await encodeImage(plain(colours.green), 'jpeg');

describe('facts', () => {
  const factsOf = async (file: Uint8Array) => expectOk(await reader.facts(file));

  const north: readonly ExifEntry[] = [
    { tag: exifTags.latitudeRef, text: 'N' },
    {
      tag: exifTags.latitude,
      fractions: [
        [51, 1],
        [30, 1],
        [3230, 100],
      ],
    },
  ];
  const west: readonly ExifEntry[] = [
    { tag: exifTags.longitudeRef, text: 'W' },
    {
      tag: exifTags.longitude,
      fractions: [
        [0, 1],
        [7, 1],
        [3900, 100],
      ],
    },
  ];

  function taken(text: string, offset?: string): Buffer {
    const photo: ExifEntry[] = [{ tag: exifTags.taken, text }];
    if (offset !== undefined) photo.push({ tag: exifTags.takenOffset, text: offset });
    return exifBlock([[{ tag: exifTags.photo, directory: 1 }], photo]);
  }

  function placed(...gps: readonly ExifEntry[]): Buffer {
    return exifBlock([[{ tag: exifTags.gps, directory: 1 }], gps]);
  }

  const ofExif = async (block: Uint8Array) => {
    const { type, ...facts } = await factsOf(jpegWithExif(jpeg, block));
    expect(type).toBe('image/jpeg');
    return facts;
  };

  it.each(fileFormats)('tell the type of a %s file by its bytes', async (format) => {
    const file = await encodeImage(quarters(), format);
    expect(await factsOf(file)).toEqual({ type: `image/${format}` });
  });

  it('tell the type of a BMP file', async () => {
    expect(await factsOf(bmpOf(quarters()))).toEqual({ type: 'image/bmp' });
  });

  it.each<FileFormat>(['jpeg', 'png', 'webp', 'avif'])(
    'tell when and where a %s file says that it was taken',
    async (format) => {
      const file = await sharpOf(quarters())
        .withExif({
          IFD2: { DateTimeOriginal: '2024:02:29 23:59:58', OffsetTimeOriginal: '+05:30' },
          IFD3: {
            GPSLatitudeRef: 'S',
            GPSLatitude: '33/1 51/1 3585/100',
            GPSLongitudeRef: 'E',
            GPSLongitude: '151/1 12/1 4000/100',
          },
        })
        .toFormat(format)
        .toBuffer();
      expect(await factsOf(file)).toEqual({
        type: `image/${format}`,
        takenAt: Date.parse('2024-02-29T23:59:58+05:30') / 1000,
        place: { latitude: -33.8599583, longitude: 151.2111111 },
      });
    },
  );

  it('tell when a TIFF file says that it was taken, which is EXIF itself', async () => {
    const photo: readonly ExifEntry[] = [{ tag: exifTags.taken, text: '2020:06:01 12:00:00' }];
    const directories = [[{ tag: exifTags.photo, directory: 1 }], photo];
    for (const little of [true, false]) {
      const file = exifBlock(directories, { little, prefix: false });
      expect(await factsOf(file)).toEqual({ type: 'image/tiff', takenAt: 1591012800 });
    }
  });

  it.each([
    ['2020:06:01 12:00:00', undefined, '2020-06-01T12:00:00Z'],
    ['2020:06:01 12:00:00', '-03:00', '2020-06-01T12:00:00-03:00'],
    ['2020:06:01 12:00:00', '+14:00', '2020-06-01T12:00:00+14:00'],
    ['2020:06:01 12:00:00', '+99:00', '2020-06-01T12:00:00Z'],
    ['2020:06:01 12:00:00', '   :  ', '2020-06-01T12:00:00Z'],
    ['1903:12:17 10:35:00', undefined, '1903-12-17T10:35:00Z'],
  ])('take %s with the offset %s for %s', async (text, offset, expected) => {
    expect(await ofExif(taken(text, offset))).toEqual({ takenAt: Date.parse(expected) / 1000 });
  });

  it.each([
    '0000:00:00 00:00:00',
    '0001:01:01 00:00:00',
    '2023:02:29 12:00:00',
    '2023:13:01 12:00:00',
    '2023:01:01 24:00:00',
    '2023:01:01 12:60:00',
    '    :  :     :  :  ',
    '2023-01-01T12:00:00Z',
    'yesterday',
    '',
  ])('leave out the time “%s”', async (text) => {
    expect(await ofExif(taken(text))).toEqual({});
  });

  it('tell the place in degrees, north and east', async () => {
    const facts = await ofExif(placed(...north, ...west));
    expect(facts).toEqual({ place: { latitude: 51.5089722, longitude: -0.1275 } });
  });

  it.each<[string, readonly ExifEntry[]]>([
    ['with a latitude alone', north],
    ['without its hemispheres', [...north, ...west].filter((entry) => !('text' in entry))],
    ['of a hemisphere X', [{ tag: exifTags.latitudeRef, text: 'X' }, ...north.slice(1), ...west]],
    ['of a latitude of 200', [...latitude([200, 1]), ...west]],
    ['of a latitude of 0/0', [...latitude([0, 0]), ...west]],
    ['of a latitude of 1/0', [...latitude([1, 0]), ...west]],
    ['at zero degrees of both', [...latitude([0, 1]), ...longitude([0, 1])]],
    ['of a longitude of 181', [...north, ...longitude([181, 1])]],
    [
      'of numbers that are no fractions',
      [...north.slice(0, 1), { tag: 2, type: 4, count: 3, value: 8 }, ...west],
    ],
    [
      'of values behind the end',
      [...north.slice(0, 1), { tag: 2, type: 5, count: 3, value: 60_000 }, ...west],
    ],
  ])('leave out a place %s', async (_, gps) => {
    expect(await ofExif(placed(...gps))).toEqual({});
  });

  it('take a place in whole degrees whose minutes and seconds are 0/0', async () => {
    const facts = await ofExif(placed(...latitude([12, 1]), ...longitude([34, 1])));
    expect(facts).toEqual({ place: { latitude: 12, longitude: 34 } });
  });

  it('take the first one of two times', async () => {
    const photo: readonly ExifEntry[] = [
      { tag: exifTags.taken, text: '2020:06:01 12:00:00' },
      { tag: exifTags.taken, text: '2021:06:01 12:00:00' },
    ];
    const block = exifBlock([[{ tag: exifTags.photo, directory: 1 }], photo]);
    expect(await ofExif(block)).toEqual({ takenAt: 1591012800 });
  });

  it('read either order of bytes', async () => {
    const photo: readonly ExifEntry[] = [{ tag: exifTags.taken, text: '2020:06:01 12:00:00' }];
    const directories = [[{ tag: exifTags.photo, directory: 1 }], photo];
    for (const little of [true, false]) {
      const block = exifBlock(directories, { little });
      expect(await ofExif(block)).toEqual({ takenAt: 1591012800 });
    }
  });

  it.each<[string, Uint8Array]>([
    ['that is empty', Buffer.from('Exif\0\0', 'latin1')],
    ['of noise', noise(100, 100).data],
    ['whose directory lies behind the end', Buffer.from('Exif\0\0II*\0\xff\xff\xff\xff', 'latin1')],
    ['that is its own directory', exifBlock([[{ tag: exifTags.photo, directory: 0 }]])],
    ['that ends in its directory', taken('2020:06:01 12:00:00').subarray(0, 30)],
    ['whose directory names too many fields', manyFields()],
  ])('leave out EXIF %s', async (_, block) => {
    expect(await ofExif(block)).toEqual({});
  });

  it('are sane or left out, whatever the bytes of the EXIF are', () => {
    const photo: readonly ExifEntry[] = [{ tag: exifTags.taken, text: '2020:06:01 12:00:00' }];
    const main: readonly ExifEntry[] = [
      { tag: exifTags.photo, directory: 1 },
      { tag: exifTags.gps, directory: 2 },
    ];
    const whole = exifBlock([main, photo, [...north, ...west]]);
    const changes = array(tuple(nat(whole.length - 1), nat(255)), { maxLength: 6 });
    assert(
      property(changes, nat(whole.length), (changed, length) => {
        const block = Buffer.from(whole);
        for (const [at, value] of changed) block[at] = value;
        const cut = changed.length % 2 === 0 ? block : block.subarray(0, length);
        const { takenAt = 0, place = { latitude: 0, longitude: 0 } } = readExifFacts(cut);
        expect(Number.isSafeInteger(takenAt)).toBe(true);
        expect(Math.abs(place.latitude)).toBeLessThanOrEqual(90);
        expect(Math.abs(place.longitude)).toBeLessThanOrEqual(180);
      }),
      { numRuns: 3000 },
    );
  });

  it('say what is no picture', async () => {
    expect(expectFailure(await reader.facts(Buffer.alloc(0))).code).toBe('image_empty');
    expect(expectFailure(await reader.facts(Buffer.from('<svg/>'))).code).toBe('not_an_image');
  });

  it('are left out of a picture whose header is damaged', async () => {
    expect(await factsOf(jpeg.subarray(0, 20))).toEqual({ type: 'image/jpeg' });
  });
});
