import type { ImageMetadata } from '../../core/model.ts';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function countPictures(count: number): string {
  return count === 1 ? '1 picture' : `${whole.format(count)} pictures`;
}

export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${tenths.format(milliseconds / 1000)} s`;
  return `${(milliseconds < 10 ? tenths : whole).format(milliseconds)} ms`;
}

export function scoreText(score: number): string {
  return score.toFixed(3);
}

const units = ['bytes', 'KB', 'MB', 'GB'] as const;

export function fileSize(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${tenths.format(bytes / 1000 ** power)} ${units[power]}`;
}

/** What `POST /uploads` puts before the name of a file. */
const uploadMark = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}-/;

/** Whether the picture came by way of `POST /uploads`. */
export function isUploaded({ file_name }: Pick<ImageMetadata, 'file_name'>): boolean {
  return uploadMark.test(file_name);
}

/** `red-car_2.jpg` → `red car 2`. */
export function readableName(fileName: string): string {
  const name = fileName
    .replace(uploadMark, '')
    .replace(/\.[a-z0-9]{1,5}$/i, '')
    .replaceAll(/[-_\s]+/g, ' ')
    .trim();
  return name === '' ? fileName : name;
}

const labels: Readonly<Record<string, string>> = {
  file_name: 'File',
  file_path: 'Path',
  s3_key: 'S3 key',
  size: 'File size',
  taken_at: 'Taken',
};

/** `taken_at` → `Taken at`. */
function label(key: string): string {
  const words = key.replaceAll('_', ' ').trim();
  return labels[key] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

const shownElsewhere = new Set(['url', 'thumbnail_url', 'width', 'height', 'etag']);

const moment = new Intl.DateTimeFormat('en', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});

/** What is a number in the index, and means more. */
const formats: Readonly<Record<string, (value: number) => string>> = {
  size: fileSize,
  // As the camera's own clock showed it, where the file names no time zone.
  taken_at: (seconds) => moment.format(seconds * 1000),
};

function valueText(key: string, value: ImageMetadata[string]): string {
  if (key === 'file_name') return String(value).replace(uploadMark, '');
  const format = formats[key];
  if (format && typeof value === 'number' && Math.abs(value) < 8e12) return format(value);
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** What is known of a picture, as label and text, without what is not known. */
export function facts(metadata: ImageMetadata): [string, string][] {
  const rows: [string, string][] = [];
  if (metadata.width > 0 && metadata.height > 0) {
    rows.push([
      'Size',
      `${whole.format(metadata.width)} × ${whole.format(metadata.height)} pixels`,
    ]);
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (shownElsewhere.has(key) || value === null || value === '') continue;
    if (key === 'file_path' && value === metadata.file_name) continue;
    const text = valueText(key, value);
    if (text !== '') rows.push([label(key), text]);
  }
  return rows;
}
