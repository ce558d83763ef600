import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { formatNpyHeader } from './npy-header.ts';
import { openNpy } from './npy-reader.ts';
import { createNpyWriter } from './npy-writer.ts';

const temporaryDirectory = useTemporaryDirectories();
let path: string;

beforeEach(async () => {
  path = join(await temporaryDirectory(), 'vectors.npy');
});

const rows = [
  Float32Array.of(1, -0.5, 0),
  Float32Array.of(0.25, 65_504, 2 ** -24),
  Float32Array.of(-3, 4, 0.125),
];

async function write(type: '<f2' | '<f4') {
  const writer = await createNpyWriter(path, 3, type);
  await writer.write(rows.slice(0, 1));
  await writer.write(rows.slice(1));
  await writer.close();
}

async function readAll(pageRows: number, from = 0) {
  const file = expectOk(await openNpy(path));
  const pages: Float32Array[][] = [];
  for await (const page of file.read({ pageRows, from })) pages.push(expectOk(page));
  return pages;
}

describe('Arrays in files', () => {
  it.each(['<f2', '<f4'] as const)('come back as they were written as %s', async (type) => {
    await write(type);
    expect((await readAll(2)).map((page) => page.length)).toEqual([2, 1]);
    expect((await readAll(2)).flat()).toEqual(rows);
    expect((await readAll(1, 2)).flat()).toEqual(rows.slice(2));
  });

  it('are read in versions 2 and 3 of the format, too', async () => {
    await write('<f4');
    const bytes = await readFile(path);
    for (const version of [2, 3]) {
      const head = Buffer.from([...bytes.subarray(0, 6), version, 0, 118, 0, 0, 0]);
      await writeFile(path, Buffer.concat([head, bytes.subarray(10)]));
      expect((await readAll(10)).flat()).toEqual(rows);
    }
  });

  it.each([
    ['another file', Buffer.from('not an array, but a text'), 'not in the format of NumPy'],
    [
      'another type',
      header('<f8', '(3, 3)'),
      'another type than float16, float32 or int32, little-endian: <f8',
    ],
    ['big-endian numbers', header('>f4', '(3, 3)'), '>f4'],
    ['columns first', header('<f4', '(3, 3)', 'True'), 'by columns'],
    ['one dimension', header('<f4', '(3,)'), 'its shape is not (rows, columns): (3)'],
  ])('are refused when they are %s', async (_, bytes, why) => {
    await writeFile(path, bytes);
    const failed = expectFailure(await openNpy(path));
    expect(failed.detail).toContain(path);
    expect(failed.detail).toContain(why);
  });

  it('are refused when they are cut off, and the row is named', async () => {
    await write('<f4');
    await truncate(path, formatNpyHeader('<f4', 3, 3).length + 17);
    expect(expectFailure(await openNpy(path)).detail).toContain('it ends in row 1');
  });
});

function header(type: string, shape: string, fortran = 'False'): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, text.length, 0]);
  return Buffer.concat([head, Buffer.from(text), Buffer.alloc(36)]);
}
