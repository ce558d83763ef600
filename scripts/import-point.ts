import { Filters } from '../core/filter.ts';
import { imageId } from '../core/image-id.ts';
import { ImageId, ImageMetadata, ImageRecord, type Vector } from '../core/model.ts';
import type { Point } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';

export interface ImportedRow {
  /** Counted from 0, over all files. */
  readonly row: number;
  readonly vector: Float32Array;
  readonly fields: unknown;
  /** What a list of ids has for this row: an id, or a key that one is made of. */
  readonly named?: string | undefined;
}

export interface PointOptions {
  /** `import:` and a name: the root of records that name none. */
  readonly root: string;
  /** Keys of rows that are not taken over. */
  readonly without: ReadonlySet<string>;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * A row as a point: its vector at unit length, its fields as metadata. A row that `export` wrote is
 * taken as it is. What is wrong with a bad one is the end of a sentence.
 */
export function toPoint(imported: ImportedRow, options: PointOptions): Result<Point, string> {
  const vector = toUnitLength(imported.vector);
  if (!vector.ok) return vector;
  const { fields } = imported;
  if (!isFields(fields)) return err('its metadata is not an object');
  const record = isFields(fields['metadata'])
    ? parseRecord(fields)
    : makeRecord(imported, fields, options);
  return record.ok ? ok({ record: record.value, vector: vector.value }) : record;
}

function toUnitLength(vector: Float32Array): Result<Vector, string> {
  let squares = 0;
  for (let index = 0; index < vector.length; index += 1) squares += (vector[index] ?? 0) ** 2;
  const length = Math.sqrt(squares);
  if (!Number.isFinite(length))
    return err('its vector has a number that is none (NaN or infinity)');
  if (length < 1e-12) return err('its vector is zero');
  return ok(vector.map((value) => value / length));
}

function parseRecord(fields: Fields): Result<ImageRecord, string> {
  const key = isFields(fields['origin']) ? String(fields['origin']['key']) : '';
  const parsed = ImageRecord.safeParse({ ...fields, id: fields['id'] ?? imageId(key) });
  return parsed.success ? checkKeys(parsed.data) : err(problemOf(parsed.error));
}

function makeRecord(
  { row, named }: ImportedRow,
  fields: Fields,
  { root, without }: PointOptions,
): Result<ImageRecord, string> {
  const { id: ownId, ...rest } = fields;
  const kept = Object.fromEntries(Object.entries(rest).filter(([key]) => !without.has(key)));
  const path = firstText(fields, ['s3_key', 'file_path', 'image_path', 'url']);
  const key = (named !== undefined && !isId(named) ? named : path) ?? `row-${row}`;
  const id = toId(named ?? ownId, key);
  if (!id.ok) return id;
  const place = firstText(fields, ['file_path', 'image_path', 'url']) ?? key;
  const metadata = ImageMetadata.safeParse({
    category: null,
    s3_key: null,
    ...kept,
    file_path: place,
    file_name: firstText(fields, ['file_name']) ?? place.slice(place.lastIndexOf('/') + 1),
    width: fields['width'] ?? fields['original_width'] ?? 0,
    height: fields['height'] ?? fields['original_height'] ?? 0,
  });
  if (!metadata.success) return err(problemOf(metadata.error));
  return checkKeys({
    id: id.value,
    metadata: metadata.data,
    origin: { root, key, version: 'imported' },
  });
}

/** An id as it is; anything else that a row calls its id is a key. */
function toId(own: unknown, key: string): Result<string, string> {
  if (own === undefined || own === null) return ok(imageId(key));
  if (typeof own === 'number' && !Number.isSafeInteger(own)) {
    return err('its id is a number that JSON cannot hold exactly: write it as a text');
  }
  if (typeof own !== 'string' && typeof own !== 'number')
    return err('its id is no text and no number');
  return ok(isId(String(own)) ? String(own) : imageId(String(own)));
}

function isId(text: string): boolean {
  return ImageId.safeParse(text).success;
}

/** Keys are the same in row after row: each is looked at once. */
const goodKeys = new Set<string>();

function checkKeys(record: ImageRecord): Result<ImageRecord, string> {
  for (const key of Object.keys(record.metadata)) {
    if (goodKeys.has(key)) continue;
    const checked = Filters.safeParse({ [key]: true });
    if (!checked.success) {
      return err(
        `${JSON.stringify(key)} is no metadata key: 1 to 64 letters, digits, "_", "-" or "."`,
      );
    }
    if (goodKeys.size < 10_000) goodKeys.add(key);
  }
  return ok(record);
}

function problemOf(error: {
  readonly issues: readonly { path: PropertyKey[]; message: string }[];
}) {
  const [issue] = error.issues;
  const place = issue?.path.map(String).join('.') ?? '';
  return `its field ${place} is not what its key asks, of a text, a number, a boolean, a list of these, and null (${issue?.message})`;
}

function firstText(fields: Fields, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = fields[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
