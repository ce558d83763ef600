import { abortFailure, failure, type Failure } from '../core/failure.ts';
import type { Point } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type PointOptions, toPoint } from './import-point.ts';
import { type ImportPart, type ImportSource, readMetadata } from './import-source.ts';
import { readLines } from './text-lines.ts';

export interface BadRow {
  readonly file: string;
  /** Counted from 0, within the file. */
  readonly row: number;
  /** The end of a sentence. */
  readonly why: string;
}

export interface ImportBatch {
  readonly points: readonly Point[];
  readonly bad: readonly BadRow[];
  /** Good and bad ones. */
  readonly rows: number;
}

export interface ImportRowsOptions extends PointOptions {
  readonly batchSize: number;
  /** A file with an id or a key per line, for the rows of all parts. */
  readonly ids?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The rows in batches, read as they are asked for: what is in memory does not grow with the files.
 * Fails when a file ends too early, or has more or fewer rows than there are vectors.
 */
export async function* readBatches(
  source: ImportSource,
  options: ImportRowsOptions,
): AsyncGenerator<Result<ImportBatch, Failure>> {
  await using ids =
    options.ids === undefined ? undefined : besideOf(readLines(options.ids), options.ids);
  let start = 0;
  for (const part of source.parts) {
    await using fields = besideOf(readMetadata(part.metadata), part.metadata);
    for await (const batch of readPart(part, { start, fields, ids }, options)) {
      yield batch;
      if (!batch.ok) return;
    }
    const ended = await fields.expectEnd(part.vectors.rows);
    if (!ended.ok) return yield ended;
    start += part.vectors.rows;
  }
  const ended = await ids?.expectEnd(start);
  if (ended && !ended.ok) yield ended;
}

async function* readPart(
  { vectors, metadata }: ImportPart,
  beside: {
    readonly start: number;
    readonly fields: Beside<Result<unknown, string>>;
    readonly ids: Beside<string> | undefined;
  },
  options: ImportRowsOptions,
): AsyncGenerator<Result<ImportBatch, Failure>> {
  let row = 0;
  for await (const page of vectors.read({ pageRows: options.batchSize })) {
    if (!page.ok) return yield page;
    if (options.signal?.aborted) return yield err(abortFailure(options.signal));
    const points: Point[] = [];
    const bad: BadRow[] = [];
    for (const vector of page.value) {
      const fields = await beside.fields.next(row);
      if (!fields.ok) return yield fields;
      const named = await beside.ids?.next(beside.start + row);
      if (named && !named.ok) return yield named;
      const point = fields.value.ok
        ? toPoint(
            { row: beside.start + row, vector, fields: fields.value.value, named: named?.value },
            options,
          )
        : fields.value;
      const file = fields.value.ok ? vectors.path : metadata;
      if (point.ok) points.push(point.value);
      else bad.push({ file, row, why: point.error });
      row += 1;
    }
    yield ok({ points, bad, rows: page.value.length });
  }
}

/** What is read along with the vectors, row by row. */
interface Beside<T> extends AsyncDisposable {
  next(row: number): Promise<Result<T, Failure>>;
  expectEnd(rows: number): Promise<Result<void, Failure>>;
}

function besideOf<T>(items: AsyncGenerator<Result<T, Failure>>, path: string): Beside<T> {
  return {
    async next(row) {
      const item = await items.next();
      return item.done
        ? refuse(`${path} has fewer rows than there are vectors: ${row}`)
        : item.value;
    },
    async expectEnd(rows) {
      const item = await items.next();
      if (item.done) return ok(undefined);
      return item.value.ok
        ? refuse(`${path} has more rows than there are vectors: ${rows}`)
        : item.value;
    },
    async [Symbol.asyncDispose]() {
      await items.return(undefined);
    },
  };
}

function refuse(why: string) {
  return err(failure('invalid_field', `Cannot import as ${why}`));
}
