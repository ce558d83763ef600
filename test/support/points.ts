import type { ImageMetadata, ImageRecord, Vector } from '../../core/model.ts';
import type { Point } from '../../core/ports.ts';

/** A picture's record, of the demo folder unless said otherwise. */
export function createRecord(
  id: string,
  metadata: Readonly<Record<string, ImageMetadata[string]>> = {},
): ImageRecord {
  const key = `animals/${id}.jpg`;
  return {
    id,
    metadata: {
      file_path: key,
      file_name: `${id}.jpg`,
      s3_key: null,
      category: 'animals',
      width: 640,
      height: 480,
      ...metadata,
    },
    origin: { root: '/pictures', key, version: '1' },
  };
}

export function createPoint(
  id: string,
  vector: Vector,
  metadata?: Readonly<Record<string, ImageMetadata[string]>>,
): Point {
  return { record: createRecord(id, metadata), vector };
}

/** A vector of length 1 in any direction. */
export function randomVector(random: () => number, dimensions: number): Vector {
  return unit(Float32Array.from({ length: dimensions }, () => gaussian(random)));
}

/** The vector scaled to length 1. */
export function unit(vector: Vector): Vector {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

export function cosine(a: Vector, b: Vector): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
