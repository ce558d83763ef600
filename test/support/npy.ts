import { readFile } from 'node:fs/promises';
import type { Vector } from '../../core/model.ts';
import { unit } from './points.ts';

/** The rows of a two-dimensional float16 array of NumPy's file format, each scaled to length 1. */
export async function readUnitVectors(file: string): Promise<Vector[]> {
  const bytes = await readFile(file);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  const [, rows, columns] = /'<f2'.*\((\d+), (\d+)\)/.exec(header) ?? [];
  if (!rows || !columns) throw new Error(`Cannot read the array as it is of another kind: ${file}`);
  const width = Number(columns);
  return Array.from({ length: Number(rows) }, (_, row) =>
    unit(
      Float32Array.from({ length: width }, (_value, column) =>
        fromHalf(bytes.readUInt16LE(start + 2 * (row * width + column))),
      ),
    ),
  );
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  return sign * (exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction));
}
