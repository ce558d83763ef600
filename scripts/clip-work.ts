/** Sizes of a transformer tower. */
interface TowerShape {
  readonly layers: number;
  readonly width: number;
  /** Length of the vectors that the tower ends in. */
  readonly dimensions: number;
  /** Of pictures: patches and the class token; of texts it varies. */
  readonly tokens?: number;
  /** Numbers that make one patch: channels x side x side. */
  readonly patch?: number;
}

/** By the first part of a model's id. */
export const clipShapes: Readonly<Record<string, Readonly<Record<'text' | 'image', TowerShape>>>> =
  {
    'ViT-B-32': {
      text: { layers: 12, width: 512, dimensions: 512 },
      image: { layers: 12, width: 768, dimensions: 512, tokens: 50, patch: 3 * 32 * 32 },
    },
    'ViT-H-14': {
      text: { layers: 24, width: 1024, dimensions: 1024 },
      image: { layers: 32, width: 1280, dimensions: 1024, tokens: 257, patch: 3 * 14 * 14 },
    },
  };

export interface Work {
  /** Multiplications and additions. */
  readonly operations: number;
  /** Weights that take part in every run: not the table of tokens, of which a row a token is read. */
  readonly weights: number;
}

/** What a run of a tower has to do at the least: four attention matrices and two of 4 x width a layer. */
export function workOf(shape: TowerShape, batch: number, tokens = shape.tokens ?? 0): Work {
  const { layers, width, dimensions, patch = 0 } = shape;
  const matrices = layers * 12 * width * width;
  const attention = 2 * layers * width * tokens;
  const ends = (patch * Math.max(tokens - 1, 0) + dimensions) * width;
  return {
    operations: 2 * batch * (tokens * (matrices + attention) + ends),
    weights: matrices + (patch + dimensions) * width,
  };
}
