import { failure, type Failure } from '../core/failure.ts';
import type { Async } from '../core/failure.ts';
import type { Point, VectorStore } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createIdSet } from './id-set.ts';
import type { BadRow, ImportBatch } from './import-rows.ts';

export interface Checked {
  readonly rows: number;
  readonly bad: number;
  /** The first of them. */
  readonly badRows: readonly BadRow[];
  /** Good rows whose id a later row has, too. */
  readonly repeated: number;
}

const shownBadRows = 10;

/** Reads everything and writes nothing. */
export async function checkRows(
  batches: AsyncIterable<Result<ImportBatch, Failure>>,
  onRows: (count: number) => void,
): Async<Checked> {
  const ids = createIdSet();
  const badRows: BadRow[] = [];
  let [rows, bad, repeated] = [0, 0, 0];
  for await (const batch of batches) {
    if (!batch.ok) return batch;
    rows += batch.value.rows;
    bad += batch.value.bad.length;
    badRows.push(...batch.value.bad.slice(0, shownBadRows - badRows.length));
    for (const { record } of batch.value.points) if (!ids.add(record.id)) repeated += 1;
    onRows(batch.value.rows);
  }
  return ok({ rows, bad, badRows, repeated });
}

/** Writes what is good. The next batch is read while the one before is written, and no further. */
export async function writeRows(
  store: Pick<VectorStore, 'upsert'>,
  batches: AsyncIterable<Result<ImportBatch, Failure>>,
  onRows: (count: number) => void,
): Async<void> {
  let writing: Async<void> = Promise.resolve(ok(undefined));
  for await (const batch of batches) {
    const written = await writing;
    if (!written.ok) return written;
    if (!batch.ok) return batch;
    writing = write(store, batch.value).then((result) => {
      onRows(batch.value.rows);
      return result;
    });
  }
  return writing;
}

function write(store: Pick<VectorStore, 'upsert'>, { points }: ImportBatch): Async<void> {
  // Of two rows with one id the last is meant; in one write a store may take either.
  const last = new Map<string, Point>(points.map((point) => [point.record.id, point]));
  return last.size === 0 ? Promise.resolve(ok(undefined)) : store.upsert([...last.values()]);
}

/** What stands in the way of writing anything. */
export function refuseBadRows({ bad, badRows }: Checked): Result<void, Failure> {
  if (bad === 0) return ok(undefined);
  const more = bad > badRows.length ? `\n  and ${bad - badRows.length} more` : '';
  const list = `${badRows.map(formatBadRow).join('\n')}${more}`;
  return err(
    failure(
      'invalid_field',
      `Cannot import as ${bad === 1 ? 'a row is' : `${bad} rows are`} bad (--skip-bad leaves them out; nothing was written):\n${list}`,
    ),
  );
}

export function formatBadRow({ file, row, why }: BadRow): string {
  return `  ${file}, row ${row}: ${why}`;
}
