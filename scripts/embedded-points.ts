import { failure } from '../core/failure.ts';
import type { ImageRecord, Vector } from '../core/model.ts';
import type { Point, VectorStore } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import type { SpaceMaker } from '../adapters/embedded-moving.ts';
import { computeSearchSpaceAside } from '../adapters/search-space-thread.ts';
import { createClipLike } from './clip-like.ts';
import { createGaussians } from './clip-like-gaussians.ts';

/** Vectors for measuring: what is indexed, and what is asked for. */
export interface VectorSource {
  images(from: number, count: number): Vector[];
  texts(count: number, from?: number): Vector[];
}

export function createVectorSource(kind: 'clip' | 'noise', dimensions: number): VectorSource {
  if (kind === 'clip') return createClipLike({ seed: 1, dimensions });
  const gaussians = createGaussians();
  const rows = (seed: number) => (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => {
      const vector = new Float32Array(dimensions);
      gaussians.add(vector, seed, from + index, 1);
      const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      return vector.map((value) => value / length);
    });
  const texts = rows(2);
  return { images: rows(1), texts: (count, from = 0) => texts(from, count) };
}

/** Texts that make the space are none of those that are asked for. */
const firstSpaceText = 1_000_000;
const spaceTexts = 1_000;

export function createSpaceMaker(source: VectorSource): SpaceMaker {
  return {
    async make(images) {
      const texts = source.texts(spaceTexts, firstSpaceText);
      const space = await computeSearchSpaceAside({ images, texts });
      if (space.ok) return space;
      return err(failure('invalid_field', `Cannot make a search space as ${space.error}`));
    },
  };
}

const categories = ['animals', 'people', 'cars', 'food', 'cities', 'nature', 'sport', 'art'];

/** A record with ten keys beside what every picture has. */
function recordOf(row: number): ImageRecord {
  const key = `folder-${row % 977}/picture-${row}.jpg`;
  return {
    id: `${row}`,
    metadata: {
      file_path: key,
      file_name: `picture-${row}.jpg`,
      s3_key: null,
      category: categories[row % categories.length] ?? null,
      width: 640 + ((row * 7) % 3_000),
      height: 480 + ((row * 13) % 2_000),
      row,
      half: row % 2,
      tenth: row % 10,
      hundredth: row % 100,
      license: row % 3 === 0 ? 'mit' : 'cc0',
      camera: `camera ${row % 400}`,
    },
    origin: { root: '/pictures', key, version: `${100_000 + row}-1700000000` },
  };
}

export function pointsOf(source: VectorSource, from: number, count: number): Point[] {
  return source
    .images(from, count)
    .map((vector, index) => ({ record: recordOf(from + index), vector }));
}

const pointsAtOnce = 500;

/** Puts in rows from `from` up to `to`; `seconds.making` says what making them took. */
export async function putIn(
  store: Pick<VectorStore, 'upsert'>,
  source: VectorSource,
  [from, to]: readonly [number, number],
  advance: (count: number) => void,
) {
  let making = 0;
  for (let row = from; row < to; row += pointsAtOnce) {
    const start = performance.now();
    const points = pointsOf(source, row, Math.min(pointsAtOnce, to - row));
    making += performance.now() - start;
    const written = await store.upsert(points);
    if (!written.ok) return written;
    advance(points.length);
  }
  return ok(making / 1000);
}
