import type { PictureFacts } from '../core/ports.ts';
import { type Exif, openExif } from './exif.ts';

const tags = {
  photo: 0x8769,
  gps: 0x8825,
  taken: 0x9003,
  takenOffset: 0x9011,
  latitudeRef: 1,
  latitude: 2,
  longitudeRef: 3,
  longitude: 4,
} as const;

type Place = NonNullable<PictureFacts['place']>;

/**
 * When and where a picture was taken. What is missing, broken or absurd is left out.
 *
 * @param bytes An EXIF block, or a TIFF file, which is one.
 */
export function readExifFacts(bytes: Uint8Array): Omit<PictureFacts, 'type'> {
  const exif = openExif(bytes);
  if (!exif) return {};
  const main = exif.directory(exif.first);
  const photo = exif.integer(main.get(tags.photo));
  const gps = exif.integer(main.get(tags.gps));
  const takenAt = photo === undefined ? undefined : readTaken(exif, photo);
  const place = gps === undefined ? undefined : readPlace(exif, gps);
  return { ...(takenAt !== undefined && { takenAt }), ...(place && { place }) };
}

/** There was no photography before. */
const firstYear = 1826;

function readTaken(exif: Exif, at: number): number | undefined {
  const photo = exif.directory(at);
  const text = exif.text(photo.get(tags.taken)) ?? '';
  const match = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  if (year === undefined || year < firstYear || month === undefined) return undefined;
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // A date that there is not, such as the 30th of February, has become another.
  if (
    time.toISOString().slice(0, 19) !== text.replace(':', '-').replace(':', '-').replace(' ', 'T')
  )
    return undefined;
  return time.getTime() / 1000 - readOffset(exif.text(photo.get(tags.takenOffset)) ?? '');
}

const farthestOffsetSeconds = 14 * 3600;

/** Seconds ahead of UTC; 0 where it is not given. */
function readOffset(text: string): number {
  const match = /^([+-])(\d\d):([0-5]\d)$/.exec(text);
  if (!match) return 0;
  const [, sign, hours, minutes] = match;
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  if (seconds > farthestOffsetSeconds) return 0;
  return sign === '-' ? -seconds : seconds;
}

function readPlace(exif: Exif, at: number): Place | undefined {
  const gps = exif.directory(at);
  const degrees = (value: number, ref: number, [positive, negative]: string): number => {
    const side = exif.text(gps.get(ref))?.toUpperCase();
    const [whole = NaN, minutes = NaN, seconds = NaN] = exif.fractions(gps.get(value), 3) ?? [];
    // Of a place in whole degrees, or in degrees and minutes, some write 0/0 for the rest.
    const size = whole + (minutes || 0) / 60 + (seconds || 0) / 3600;
    if (side !== positive && side !== negative) return NaN;
    // Seven places are a centimetre.
    return Number((side === positive ? size : -size).toFixed(7));
  };
  const latitude = degrees(tags.latitude, tags.latitudeRef, 'NS');
  const longitude = degrees(tags.longitude, tags.longitudeRef, 'EW');
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) return undefined;
  // Cameras that do not know where they are say this.
  if (latitude === 0 && longitude === 0) return undefined;
  return { latitude, longitude };
}
