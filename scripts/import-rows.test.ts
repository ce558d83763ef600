import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { imageId } from '../core/image-id.ts';
import { ok } from '../core/result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createPoint, unit } from '../test/support/points.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { exportFrom } from './export-from.ts';
import { checkRows, refuseBadRows, writeRows } from './import-into.ts';
import { readBatches } from './import-rows.ts';
import { openImportSource } from './import-source.ts';
import { createNpyWriter } from './npy-writer.ts';

const temporaryDirectory = useTemporaryDirectories();
const options = { root: 'import:test', without: new Set<string>(), batchSize: 2 };
let folder: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
});

async function put(name: string, vectors: readonly Float32Array[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  const writer = await createNpyWriter(path, vectors[0]?.length ?? 2);
  await writer.write(vectors);
  await writer.close();
  return path;
}

async function putLines(name: string, lines: readonly unknown[]): Promise<string> {
  const path = join(folder, name);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  await writeFile(path, `${text.join('\n')}\n`);
  return path;
}

async function sourceOf(vectors: readonly Float32Array[], lines: readonly unknown[]) {
  const path = await put('vectors.npy', vectors);
  return expectOk(await openImportSource(path, await putLines('rows.jsonl', lines)));
}

async function imported(vectors: readonly Float32Array[], lines: readonly unknown[], ids?: string) {
  const source = await sourceOf(vectors, lines);
  const store = createMemoryStore({ dimensions: 2 });
  expectOk(await writeRows(store, readBatches(source, { ...options, ids }), () => {}));
  return store;
}

const vector = Float32Array.of(3, 4);

describe('Imported rows', () => {
  it('become records with all that is known of them, at unit length', async () => {
    const line = { image_path: 'a/b.jpg', width: 3, height: 2, caption: 'x', tags: ['a', 1] };
    const store = await imported([vector], [line]);
    const id = imageId('a/b.jpg');
    expect(expectOk(await store.get([id]))).toEqual([
      {
        id,
        metadata: {
          ...line,
          file_path: 'a/b.jpg',
          file_name: 'b.jpg',
          s3_key: null,
          category: null,
        },
        origin: { root: 'import:test', key: 'a/b.jpg', version: 'imported' },
      },
    ]);
    expect(expectOk(await store.vectors([id])).get(id)).toEqual(Float32Array.of(0.6, 0.8));
  });

  it.each([
    ['the id that they have', { id: '17446744073709551615' }, '17446744073709551615'],
    ['an id that is a small number', { id: 7 }, '7'],
    ['another id as a key', { id: 'mine-7' }, imageId('mine-7')],
    ['the key in S3', { s3_key: 's3://b/k.jpg', url: 'u' }, imageId('s3://b/k.jpg')],
    ['the address', { url: 'http://x/y.jpg' }, imageId('http://x/y.jpg')],
    ['their number', {}, imageId('row-0')],
  ])('are known by %s', async (_, line, id) => {
    const store = await imported([vector], [line]);
    expect(expectOk(await store.get([id]))).toHaveLength(1);
  });

  it('take ids from a list of them', async () => {
    const ids = await putLines('ids.txt', ['18446744073709551615', 'a.jpg']);
    const store = await imported([vector, vector], [{}, {}], ids);
    const known = expectOk(await store.get(['18446744073709551615', imageId('a.jpg')]));
    expect(known).toHaveLength(2);
  });

  it('are named when they are bad, and nothing else is', async () => {
    const bad = [
      [Float32Array.of(NaN, 1), {}, 'a number that is none'],
      [Float32Array.of(1, Infinity), {}, 'a number that is none'],
      [Float32Array.of(0, 0), {}, 'its vector is zero'],
      [vector, '{"a": ', 'not valid JSON'],
      [vector, '[1]', 'not an object'],
      [vector, { 'a key': 1 }, '"a key" is no metadata key'],
      [vector, { nested: { a: 1 } }, 'its field nested'],
      [vector, { width: 'wide' }, 'its field width'],
      [vector, '{"id": 17446744073709551615}', 'cannot hold exactly'],
    ] as const;
    const source = await sourceOf(
      [vector, ...bad.map(([numbers]) => numbers)],
      [{}, ...bad.map(([, line]) => line)],
    );
    const checked = expectOk(await checkRows(readBatches(source, options), () => {}));
    expect(checked).toMatchObject({ rows: 10, bad: 9 });
    for (const [index, [, , why]] of bad.entries()) {
      expect(checked.badRows[index]).toMatchObject({ row: index + 1 });
      expect(checked.badRows[index]?.why).toContain(why);
    }
    expect(expectFailure(refuseBadRows(checked)).detail).toContain('rows.jsonl, row 4: ');
  });

  it.each([
    ['fewer', [{}], 'has fewer rows than there are vectors: 1'],
    ['more', [{}, {}, {}], 'has more rows than there are vectors: 2'],
  ])('are refused when there are %s of them than vectors', async (_, lines, why) => {
    const source = await sourceOf([vector, vector], lines);
    const failed = expectFailure(await checkRows(readBatches(source, options), () => {}));
    expect(failed.detail).toContain(why);
  });

  it('are written once for an id, as the last one says', async () => {
    const lines = [1, 2, 3, 4, 5].map((number) => ({ id: number % 2, number }));
    const source = await sourceOf([vector, vector, vector, vector, vector], lines);
    const wide = { ...options, batchSize: 3 };
    expect(expectOk(await checkRows(readBatches(source, wide), () => {})).repeated).toBe(3);
    const store = createMemoryStore({ dimensions: 2 });
    expectOk(await writeRows(store, readBatches(source, wide), () => {}));
    const records = expectOk(await store.get(['0', '1']));
    expect(records.map(({ metadata }) => metadata['number'])).toEqual([4, 5]);
  });

  it('are read one batch ahead of what is written, and no further', async () => {
    const source = await sourceOf(
      Array.from({ length: 40 }, () => vector),
      Array.from({ length: 40 }, () => ({})),
    );
    let read = 0;
    let written = 0;
    let furthest = 0;
    async function* counted() {
      for await (const batch of readBatches(source, options)) {
        read += 1;
        furthest = Math.max(furthest, read - written);
        yield batch;
      }
    }
    const upsert = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      written += 1;
      return ok(undefined);
    };
    expectOk(await writeRows({ upsert }, counted(), () => {}));
    expect(written).toBe(20);
    expect(furthest).toBeLessThanOrEqual(2);
  });
});

describe("A folder in clip-retrieval's layout", () => {
  const fixtures = join(import.meta.dirname, '../test/fixtures/clip-retrieval');

  async function putFolder(rows: readonly number[]) {
    await mkdir(join(folder, 'metadata'));
    for (const [part, count] of rows.entries()) {
      const name = `metadata_${part}.parquet`;
      await put(
        `img_emb/img_emb_${part}.npy`,
        Array.from({ length: count }, () => vector),
      );
      await copyFile(join(fixtures, name), join(folder, 'metadata', name));
    }
  }

  it('is read part by part, whatever its Parquet files are compressed with', async () => {
    await putFolder([7, 4]);
    const source = expectOk(await openImportSource(folder));
    expect(source.rows).toBe(11);
    const store = createMemoryStore({ dimensions: 2 });
    expectOk(await writeRows(store, readBatches(source, options), () => {}));
    const ids = ['00000.jpg', '00010.jpg'].map(imageId);
    expect(expectOk(await store.get(ids)).map(({ metadata }) => metadata)).toMatchObject([
      { caption: null, width: 100, height: 50, url: 'https://example.com/0', similarity: 0 },
      { caption: null, width: 110, height: 60, url: 'https://example.com/10', similarity: 1.25 },
    ]);
    expect(expectOk(await store.count())).toBe(11);
  });

  it('names the file that has too few rows, and the one that is missing', async () => {
    await putFolder([7, 5]);
    const source = expectOk(await openImportSource(folder));
    const failed = expectFailure(await checkRows(readBatches(source, options), () => {}));
    expect(failed.detail).toContain('metadata_1.parquet has fewer rows than there are vectors: 4');
    await put('img_emb/img_emb_2.npy', [vector]);
    const missing = expectFailure(await openImportSource(folder));
    expect(missing.detail).toContain('there is no such file');
    expect(missing.detail).toContain('metadata_2.parquet');
  });
});

describe('Exported rows', () => {
  it('make the same collection when they are imported', async () => {
    const store = createMemoryStore({ dimensions: 2 });
    const points = Array.from({ length: 600 }, (_, index) =>
      createPoint(String(2n ** 64n - 1n - BigInt(index)), unit(Float32Array.of(index, 7)), {
        index,
      }),
    );
    expectOk(await store.upsert(points));
    const out = join(folder, 'out');
    const count = await exportFrom(store, out, { dimensions: 2, float16: false, onRows: () => {} });
    expect(expectOk(count)).toBe(600);
    const copy = createMemoryStore({ dimensions: 2 });
    const source = expectOk(await openImportSource(out));
    expectOk(await writeRows(copy, readBatches(source, options), () => {}));
    const ids = points.map(({ record }) => record.id);
    expect(expectOk(await copy.get(ids))).toEqual(expectOk(await store.get(ids)));
    const vectors = expectOk(await copy.vectors(ids));
    for (const { record, vector: original } of points) {
      for (const [index, value] of original.entries()) {
        expect(vectors.get(record.id)?.[index]).toBeCloseTo(value, 6);
      }
    }
  });
});
