import type { Vector } from '../core/model.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { SessionOutput, TensorInfo } from './onnx-session.ts';

/**
 * The output of that name, or else the first one that has one row a text or picture.
 *
 * @returns An error says what is wrong with the graph, to stand behind "as".
 */
export function findVectors(
  outputs: readonly TensorInfo[],
  name: string,
  dimensions: number,
): Result<string, string> {
  const named = outputs.find((output) => output.name === name);
  const found = named ?? outputs.find(({ shape }) => shape.length === 2);
  if (found?.type !== 'float32') return err(`its graph has no output of float32 vectors: ${name}`);
  const length = found.shape.at(-1);
  if (typeof length === 'string' || length === dimensions) return ok(found.name);
  return err(`its vectors are not ${dimensions} long, as model.json says, but: ${length}`);
}

/** One vector of length 1 per row; `undefined` for a row that has no direction (NaN, all zero). */
export function toUnitVectors(output: SessionOutput, dimensions: number): (Vector | undefined)[] {
  if (output.shape.at(-1) !== dimensions) return [];
  return Array.from({ length: output.data.length / dimensions }, (_, row) =>
    toUnitVector(output.data.slice(row * dimensions, (row + 1) * dimensions)),
  );
}

function toUnitVector(values: Float32Array): Vector | undefined {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  if (!Number.isFinite(length) || length === 0) return undefined;
  return values.map((value) => value / length);
}
