import type { Async, Failure } from '../core/failure.ts';
import { failure } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import { err, ok, type Result } from '../core/result.ts';
import { innerProduct } from './exact-neighbours.ts';
import { type NpyFile, openNpy } from './npy-reader.ts';
import { chanceOf } from './row-groups.ts';

/** Rows of a file by chance, in order: the same ones for the same seed. */
export function chooseRows(count: number, rows: number, seed: number): number[] {
  const chances = Array.from({ length: rows }, (_, row) => ({
    row,
    chance: chanceOf(`${seed} ${row}`),
  }));
  const chosen = chances.sort((a, b) => a.chance - b.chance).slice(0, count);
  return chosen.map(({ row }) => row).sort((a, b) => a - b);
}

export interface NumberedVector {
  readonly row: number;
  readonly vector: Vector;
}

/** Every row of a file, at unit length. */
export async function* readUnitRows(
  file: NpyFile,
): AsyncGenerator<Result<NumberedVector[], Failure>> {
  let from = 0;
  for await (const page of file.read()) {
    if (!page.ok) return yield page;
    const rows: NumberedVector[] = [];
    for (const [index, values] of page.value.entries()) {
      const vector = toUnit(values);
      if (!vector) return yield refuse(file, from + index);
      rows.push({ row: from + index, vector });
    }
    yield ok(rows);
    from += page.value.length;
  }
}

/** All rows of a file that fits into memory, at unit length. */
export async function readUnitVectors(path: string): Async<Vector[]> {
  const file = await openNpy(path);
  if (!file.ok) return file;
  const vectors: Vector[] = [];
  for await (const page of readUnitRows(file.value)) {
    if (!page.ok) return page;
    vectors.push(...page.value.map(({ vector }) => vector));
  }
  return ok(vectors);
}

function toUnit(values: Float32Array): Vector | undefined {
  const length = Math.sqrt(innerProduct(values, values));
  return length > 0 && Number.isFinite(length) ? values.map((value) => value / length) : undefined;
}

function refuse({ path }: NpyFile, row: number) {
  return err(
    failure('invalid_field', `Cannot use ${path} as a row is zero or not finite: row ${row}`),
  );
}
