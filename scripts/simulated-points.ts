import { imageId } from '../core/image-id.ts';
import type { ImageMetadata, Vector } from '../core/model.ts';
import type { ModelInfo, Point } from '../core/ports.ts';
import { createClipLike } from './clip-like.ts';
import { createGaussians, uniform } from './clip-like-gaussians.ts';

export interface Simulation {
  /** What the collection says of its model: another seed or another kind is another model. */
  readonly model: Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;
  /** Points of these rows, always the same ones. */
  points(from: number, count: number): Point[];
  /** The id of a row. */
  idOf(row: number): string;
  /** Vectors of texts that are asked for; null where vectors are in no space of texts and images. */
  readonly texts: ((count: number) => Vector[]) | null;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly dimensions: number;
  readonly like: 'clip' | 'chance';
}

export function createSimulation({ seed, dimensions, like }: SimulationOptions): Simulation {
  const clip = like === 'clip' ? createClipLike({ seed, dimensions }) : undefined;
  const images = clip?.images ?? createUnitVectors(seed, dimensions);
  const keyOf = (row: number) => `${categoryOf(seed, row)}/${row}.jpg`;
  const idOf = (row: number) => imageId(`simulated/${like}/${seed}/${row}`);
  return {
    model: {
      id: clip ? `simulated-clip-${dimensions}` : `simulated-${dimensions}`,
      revision: `seed-${seed}`,
      dimensions,
    },
    idOf,
    points: (from, count) =>
      images(from, count).map((vector, index) => {
        const row = from + index;
        return {
          record: {
            id: idOf(row),
            metadata: metadataOf(seed, row, keyOf(row)),
            origin: { root: 'simulated:', key: keyOf(row), version: String(seed) },
          },
          vector,
        };
      }),
    texts: clip ? (count) => clip.texts(count) : null,
  };
}

/** Any direction as likely as any other. */
function createUnitVectors(seed: number, dimensions: number) {
  const gaussians = createGaussians();
  return (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => {
      const vector = new Float32Array(dimensions);
      gaussians.add(vector, seed, from + index, 1);
      let squares = 0;
      for (const value of vector) squares += value * value;
      const length = Math.sqrt(squares);
      return vector.map((value) => value / length);
    });
}

const categories = ['animals', 'people', 'food', 'travel', 'objects', 'plants', 'sport', 'art'];
const licenses = ['cc0', 'cc-by', 'cc-by-sa', 'mit', 'proprietary'];
const tags = ['red', 'blue', 'old', 'new', 'night', 'day', 'inside', 'outside', 'near', 'far'];
const widths = [640, 800, 1024, 1280, 1920, 3000, 4000];

/** Half of all pictures are of the first category, a quarter of the second, and so on. */
function categoryOf(seed: number, row: number): string {
  const index = Math.floor(-Math.log2(1 - uniform(seed, 1, row)));
  return categories[Math.min(index, categories.length - 1)] ?? '';
}

function metadataOf(seed: number, row: number, key: string): ImageMetadata {
  const draw = <T>(kind: number, of: readonly T[]) =>
    of[Math.floor(uniform(seed, kind, row) * of.length)];
  const [width = 640, height = 640] = [draw(2, widths), draw(3, widths)];
  return {
    file_path: key,
    file_name: `${row}.jpg`,
    s3_key: null,
    category: categoryOf(seed, row),
    width,
    height,
    row,
    license: draw(4, licenses) ?? null,
    year: 1990 + Math.floor(35 * uniform(seed, 5, row)),
    price: Math.round(10_000 * uniform(seed, 6, row)) / 100,
    indoor: uniform(seed, 7, row) < 0.3,
    tags: [...new Set([draw(8, tags), draw(9, tags)])].flatMap((tag) => tag ?? []),
  };
}
