import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import * as z from 'zod';
import { decodeKey } from '../core/object-event.ts';
import type { InventoryColumns } from './s3-inventory-manifest.ts';

/** What one row says, before anybody has checked it. */
export interface InventoryRow {
  readonly key: string | undefined;
  readonly bytes: number;
  readonly etag: string;
  /** The version that a GET without a version gets, and no delete marker. */
  readonly isCurrent: boolean;
}

/** Rows of Parquet that are objects at the same time. */
const sliceRows = 20_000;

/** The rows of a gzipped CSV file without a head, a piece of it in memory at a time. Throws. */
export async function* readCsvRows(
  path: string,
  columns: InventoryColumns,
): AsyncGenerator<InventoryRow> {
  const file = createReadStream(path);
  const text = createGunzip().setEncoding('utf8');
  file.on('error', (error) => text.destroy(error));
  let rest = '';
  try {
    for await (const piece of file.pipe(text)) {
      const lines = (rest + String(piece)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') yield toCsvRow(line, columns);
    }
    if (rest.trim() !== '') yield toCsvRow(rest, columns);
  } finally {
    file.destroy();
  }
}

function toCsvRow(line: string, columns: InventoryColumns): InventoryRow {
  const fields = splitFields(line.trimEnd());
  const flag = (at: number, otherwise: boolean) =>
    at < 0 ? otherwise : fields[at]?.toLowerCase() === 'true';
  return {
    key: decodeKey(fields[columns.key] ?? ''),
    bytes: Number(fields[columns.size] || Number.NaN),
    etag: fields[columns.etag] ?? '',
    isCurrent: flag(columns.isLatest, true) && !flag(columns.isDeleteMarker, false),
  };
}

/** Fields are quoted, and a quote in one is two. Keys have neither: they are URL-encoded. */
function splitFields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

const ParquetRow = z.object({
  key: z.string(),
  size: z.union([z.bigint(), z.number()]).nullish(),
  e_tag: z.string().nullish(),
  is_latest: z.boolean().nullish(),
  is_delete_marker: z.boolean().nullish(),
});

/** The rows of a Parquet file, in which keys are as they are. Throws. */
export async function* readParquetRows(path: string): AsyncGenerator<InventoryRow> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const present = new Set(metadata.schema.map(({ name }) => name));
  const columns = Object.keys(ParquetRow.shape).filter((name) => present.has(name));
  let groupStart = 0;
  for (const { num_rows: count } of metadata.row_groups) {
    const groupEnd = groupStart + Number(count);
    for (let rowStart = groupStart; rowStart < groupEnd; rowStart += sliceRows) {
      const rowEnd = Math.min(rowStart + sliceRows, groupEnd);
      const slice = { file, metadata, compressors, columns, rowStart, rowEnd };
      for (const row of await parquetReadObjects(slice)) yield toRow(ParquetRow.parse(row));
    }
    groupStart = groupEnd;
  }
}

function toRow(row: z.infer<typeof ParquetRow>): InventoryRow {
  return {
    key: row.key,
    bytes: Number(row.size ?? Number.NaN),
    etag: row.e_tag ?? '',
    isCurrent: row.is_latest !== false && row.is_delete_marker !== true,
  };
}
