import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Async } from '../core/failure.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { createNpyWriter } from './npy-writer.ts';

/**
 * Writes `vectors.npy` and `rows.jsonl` (id, metadata, origin), page by page, and gives the folder its
 * name when both are complete. The folder must not be there.
 *
 * @returns how many points.
 */
export async function exportFrom(
  store: Pick<VectorStore, 'scanPoints'>,
  folder: string,
  options: {
    readonly dimensions: number;
    readonly float16: boolean;
    readonly signal?: AbortSignal;
    readonly onRows: (count: number) => void;
  },
): Async<number> {
  const unfinished = join(dirname(resolve(folder)), `.unfinished-${process.pid}-${Date.now()}`);
  await mkdir(unfinished, { recursive: true });
  try {
    const written = await writeFiles(store, unfinished, options);
    if (written.ok) await rename(unfinished, folder);
    return written;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function writeFiles(
  store: Pick<VectorStore, 'scanPoints'>,
  folder: string,
  { dimensions, float16, signal, onRows }: Parameters<typeof exportFrom>[2],
): Async<number> {
  const type = float16 ? '<f2' : '<f4';
  const vectors = await createNpyWriter(join(folder, 'vectors.npy'), dimensions, type);
  const rows = createWriteStream(join(folder, 'rows.jsonl'));
  let count = 0;
  try {
    for await (const page of store.scanPoints(signal)) {
      if (!page.ok) return page;
      await vectors.write(page.value.map(({ vector }) => vector));
      const lines = page.value.map(({ record }) => `${JSON.stringify(record)}\n`).join('');
      if (!rows.write(lines)) await once(rows, 'drain');
      count += page.value.length;
      onRows(page.value.length);
    }
    return ok(count);
  } finally {
    await vectors.close();
    rows.end();
    await finished(rows);
  }
}
