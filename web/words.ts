import type { ImageMetadata } from '../core/model.ts';

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

/** `red-car_2.jpg` → `red car 2`. */
export function readableName(fileName: string): string {
  const name = fileName
    .replace(/\.[a-z0-9]{1,5}$/i, '')
    .replaceAll(/[-_\s]+/g, ' ')
    .trim();
  return name === '' ? fileName : name;
}

const labels: Readonly<Record<string, string>> = {
  file_name: 'File',
  file_path: 'Path',
  s3_key: 'S3 key',
};

/** `taken_at` → `Taken at`. */
function label(key: string): string {
  const words = key.replaceAll('_', ' ').trim();
  return labels[key] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

const shownElsewhere = new Set(['url', 'width', 'height']);

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
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    if (text !== '') rows.push([label(key), text]);
  }
  return rows;
}
