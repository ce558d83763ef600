import { type Async, abortFailure } from '../core/failure.ts';
import type { ImageRecord } from '../core/model.ts';
import type { CollectionInfo, VectorStore } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { readUnitRows } from './evaluation-rows.ts';
import type { NpyFile } from './npy-reader.ts';
import { createProgress } from './progress.ts';
import { metadataOf, type RowGroup } from './row-groups.ts';

export interface BuildTimes {
  readonly insert_seconds: number;
  readonly optimize_seconds: number;
  readonly collection: Omit<CollectionInfo, 'searchSpace'> & {
    readonly searchSpace: string | null;
  };
}

/** Puts every row into the store, under its number as id, and builds the graph. */
export async function fillStore(
  store: VectorStore,
  file: NpyFile,
  { groups, signal }: { readonly groups: readonly RowGroup[]; readonly signal: AbortSignal },
): Async<BuildTimes> {
  const begin = performance.now();
  const progress = createProgress('Inserting', file.rows);
  for await (const page of readUnitRows(file)) {
    if (signal.aborted) return err(abortFailure(signal));
    if (!page.ok) return page;
    const points = page.value.map(({ row, vector }) => ({ record: recordOf(row, groups), vector }));
    const done = await store.upsert(points, signal);
    if (!done.ok) return done;
    progress.advance(points.length);
  }
  progress.stop();
  const inserted = performance.now();
  process.stderr.write('Building the graph …\n');
  const optimized = await store.optimize();
  if (!optimized.ok) return optimized;
  const collection = await store.describe(signal);
  if (!collection.ok) return collection;
  return ok({
    insert_seconds: (inserted - begin) / 1000,
    optimize_seconds: (performance.now() - inserted) / 1000,
    collection: { ...collection.value, searchSpace: collection.value.searchSpace?.id ?? null },
  });
}

function recordOf(row: number, groups: readonly RowGroup[]): ImageRecord {
  const name = `${row}.jpg`;
  return {
    id: String(row),
    metadata: {
      file_path: name,
      file_name: name,
      s3_key: null,
      category: null,
      width: 1,
      height: 1,
      ...metadataOf(groups, row),
    },
    origin: { root: '/evaluate', key: name, version: '1' },
  };
}
