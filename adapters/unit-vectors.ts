import type { Vector } from '../core/model.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { SessionOutput, TensorInfo } from './onnx-session.ts';

/**
 * The output of that name, or else the first one that has one row a text or picture, or else the
 * first that has one a token or patch.
 *
 * @returns An error says what is wrong with the graph, to stand behind "as".
 */
export function findVectors(
  outputs: readonly TensorInfo[],
  name: string,
  dimensions: number,
): Result<string, string> {
  const vectors = outputs.filter(({ type }) => type === 'float32' || type === 'float16');
  const found =
    vectors.find((output) => output.name === name) ??
    vectors.find(({ shape }) => shape.length === 2) ??
    vectors.find(({ shape }) => shape.length === 3);
  if (!found) {
    const others = outputs.map(({ name: other, type }) => `${other} (${type})`).join(', ');
    return err(`its graph has no output of float32 or float16 vectors, but: ${others}`);
  }
  const length = found.shape.at(-1);
  if (typeof length === 'string' || length === dimensions) return ok(found.name);
  return err(`its vectors are not ${dimensions} long, as model.json says, but: ${length}`);
}

/** Which of a text's or picture's rows are its vector: their mean is taken. */
export interface Rows {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/**
 * One vector of length 1 per text or picture; `undefined` for one that has no direction (NaN, all
 * zero).
 *
 * @param rowsOf Asked only where the graph gives one row per token or patch, of which there are `count`.
 */
export function toUnitVectors(
  { data, shape }: SessionOutput,
  dimensions: number,
  rowsOf: (place: number, count: number) => Rows,
): (Vector | undefined)[] {
  if (shape.at(-1) !== dimensions) return [];
  const count = shape.length === 3 ? (shape[1] ?? 0) : 1;
  return Array.from({ length: shape[0] ?? 0 }, (_, place) => {
    const { from, to } = shape.length === 3 ? rowsOf(place, count) : { from: 0, to: 1 };
    const start = place * count;
    return toUnitVector(sumOfRows(data, start + from, start + to, dimensions));
  });
}

function sumOfRows(data: Float32Array, from: number, to: number, dimensions: number): Float32Array {
  const sum = data.slice(from * dimensions, (from + 1) * dimensions);
  for (let row = from + 1; row < to; row += 1) {
    const values = data.subarray(row * dimensions, (row + 1) * dimensions);
    for (const [place, value] of values.entries()) sum[place] = (sum[place] ?? 0) + value;
  }
  return sum;
}

function toUnitVector(values: Float32Array): Vector | undefined {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  if (!Number.isFinite(length) || length === 0) return undefined;
  return values.map((value) => value / length);
}
