import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

/** The rows of a Parquet file, one row group in memory at a time, as JSON would have them. */
export async function* readParquetRows(
  path: string,
): AsyncGenerator<Result<Result<unknown, string>, Failure>> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    let rowStart = 0;
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = rowStart + Number(count);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
      for (const row of rows) yield ok(ok(toJson(row)));
      rowStart = rowEnd;
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    yield err(
      failure(
        'invalid_field',
        `Cannot read ${path} as it is no Parquet file that is understood: ${why}`,
        {
          cause,
        },
      ),
    );
  }
}

function toJson(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, toJsonValue(value)]));
}

/** Whole numbers of 64 bits, dates and what pandas writes for "nothing" have no JSON of their own. */
function toJsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  }
  if (value instanceof Date) return value.toISOString();
  if (value === undefined || Number.isNaN(value)) return null;
  return Array.isArray(value) ? value.map(toJsonValue) : value;
}
