import { open } from 'node:fs/promises';
import { formatNpyHeader } from './npy-header.ts';

/** Rows into a file of NumPy's format, whose head says how many there are once it is closed. */
export interface NpyWriter {
  write(rows: readonly Float32Array[]): Promise<void>;
  close(): Promise<void>;
}

export async function createNpyWriter(
  path: string,
  columns: number,
  type: '<f2' | '<f4' = '<f4',
): Promise<NpyWriter> {
  const file = await open(path, 'w');
  let count = 0;
  let position = 0;
  const append = async (bytes: Uint8Array) => {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position);
      done += bytesWritten;
      position += bytesWritten;
    }
  };
  await append(formatNpyHeader(type, 0, columns));
  return {
    async write(rows) {
      const numbers = new (type === '<f2' ? Float16Array : Float32Array)(rows.length * columns);
      for (const [index, row] of rows.entries()) numbers.set(row, index * columns);
      await append(new Uint8Array(numbers.buffer));
      count += rows.length;
    },
    async close() {
      position = 0;
      await append(formatNpyHeader(type, count, columns));
      await file.sync();
      await file.close();
    },
  };
}
