import * as z from 'zod';
import { type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

const Manifest = z.object({
  sourceBucket: z.string(),
  fileFormat: z.string(),
  fileSchema: z.string(),
  /** Unix time in milliseconds, as text: when S3 began to look. */
  creationTimestamp: z.coerce.number().int().nonnegative(),
  files: z.array(
    z.object({
      key: z.string().min(1),
      size: z.number().int().nonnegative(),
      MD5checksum: z.string().regex(/^[0-9a-f]{32}$/i),
    }),
  ),
});

/** One list of an inventory. It is in the bucket of the manifest. */
export interface InventoryFile {
  readonly key: string;
  readonly bytes: number;
  /** Hexadecimal, small letters. */
  readonly md5: string;
}

/** Where the columns are that say what an object is. */
export interface InventoryColumns {
  readonly key: number;
  readonly size: number;
  readonly etag: number;
  /** -1 in an inventory of current versions alone. */
  readonly isLatest: number;
  readonly isDeleteMarker: number;
}

export interface InventoryManifest {
  readonly format: 'csv' | 'parquet';
  /** Of a CSV file, which has no head. */
  readonly columns: InventoryColumns;
  readonly createdAtMs: number;
  readonly files: readonly InventoryFile[];
}

/** @param place What the manifest is called in sentences: `s3://bucket/…/manifest.json`. */
export function parseInventoryManifest(
  text: string,
  { place, bucket }: { readonly place: string; readonly bucket: string },
): Result<InventoryManifest, Failure> {
  const parsed = Manifest.safeParse(fromJson(text));
  if (!parsed.success) {
    const { path = [], message } = parsed.error.issues[0] ?? {};
    return refuse(`its manifest is not one of S3 Inventory (${path.join('.')}: ${message})`, place);
  }
  const { sourceBucket, fileFormat, fileSchema, creationTimestamp, files } = parsed.data;
  if (sourceBucket !== bucket) {
    return refuse(`it lists another bucket than ${bucket} (${sourceBucket})`, place);
  }
  const format = fileFormat.toLowerCase();
  if (format !== 'csv' && format !== 'parquet') {
    return refuse(`its files are ${fileFormat} (have it made as CSV or Parquet)`, place);
  }
  const columns = findColumns(fileSchema, format);
  if (columns.key < 0 || columns.size < 0 || columns.etag < 0) {
    return refuse(`it lacks a column (have it made with Size and ETag): ${fileSchema}`, place);
  }
  return ok({
    format,
    columns,
    createdAtMs: creationTimestamp,
    files: files.map(({ key, size, MD5checksum }) => ({
      key,
      bytes: size,
      md5: MD5checksum.toLowerCase(),
    })),
  });
}

/** CSV: `Bucket, Key, …`. Parquet: a message type, `optional binary e_tag (UTF8);` and more of these. */
function findColumns(schema: string, format: 'csv' | 'parquet'): InventoryColumns {
  const names =
    format === 'csv'
      ? schema.split(',')
      : [...schema.matchAll(/(?:required|optional)\s+\w+\s+(\w+)/g)].map(([, name]) => name ?? '');
  const known = names.map((name) => name.trim().toLowerCase().replaceAll('_', ''));
  return {
    key: known.indexOf('key'),
    size: known.indexOf('size'),
    etag: known.indexOf('etag'),
    isLatest: known.indexOf('islatest'),
    isDeleteMarker: known.indexOf('isdeletemarker'),
  };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(why: string, place: string): Result<never, Failure> {
  return err(failure('invalid_field', `Cannot use the inventory as ${why}: ${place}`));
}
