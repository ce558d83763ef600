import { open } from 'node:fs/promises';
import { type Async, failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { bytesOf, maxHeadBytes, type NpyHeader, parseNpyHeader } from './npy-header.ts';

/** An array of rows in a file: any number of them, as only a few are in memory. */
export interface NpyFile {
  readonly path: string;
  readonly rows: number;
  readonly columns: number;
  /** Rows in order, in pages of at most `pageRows`. */
  read(options?: {
    readonly from?: number | undefined;
    readonly pageRows?: number | undefined;
  }): AsyncGenerator<Result<Float32Array[], Failure>>;
}

/**
 * Opens an array of float16, float32 or int32 with two dimensions. Fails with `invalid_field` when
 * there is no such file, it is of another kind, or shorter or longer than its head says.
 */
export async function openNpy(path: string): Async<NpyFile> {
  const measured = await measure(path);
  if (!measured.ok) return measured;
  const { type, shape, offset, bytes } = measured.value;
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2 || columns === 0) {
    return refuse(path, `its shape is not (rows, columns): (${shape.join(', ')})`);
  }
  const rowBytes = columns * bytesOf[type];
  const expected = offset + rows * rowBytes;
  if (bytes !== expected) {
    const whole = Math.floor((bytes - offset) / rowBytes);
    const found = bytes < expected ? `it ends in row ${whole}` : 'it has more bytes';
    return refuse(path, `${found}, and its head says ${rows} rows of ${columns} numbers`);
  }
  return ok({
    path,
    rows,
    columns,
    read: ({ from = 0, pageRows = 1024 } = {}) =>
      readPages(path, { type, offset, rows, columns }, from, pageRows),
  });
}

async function measure(path: string): Async<NpyHeader & { readonly bytes: number }> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxHeadBytes), 0, maxHeadBytes, 0);
    const header = parseNpyHeader(buffer.subarray(0, bytesRead), path);
    if (!header.ok) return header;
    return ok({ ...header.value, bytes: (await file.stat()).size });
  } catch (cause) {
    return refuse(path, 'it cannot be opened', cause);
  }
}

interface Layout {
  readonly type: NpyHeader['type'];
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
}

async function* readPages(
  path: string,
  { type, offset, rows, columns }: Layout,
  from: number,
  pageRows: number,
): AsyncGenerator<Result<Float32Array[], Failure>> {
  const rowBytes = columns * bytesOf[type];
  const toRow = decoderOf(type);
  await using file = await open(path);
  for (let row = from; row < rows; row += pageRows) {
    const count = Math.min(pageRows, rows - row);
    const bytes = new Uint8Array(count * rowBytes);
    const complete = await readFully(file, bytes, offset + row * rowBytes);
    if (!complete) return yield refuse(path, `it has become shorter while it was read: row ${row}`);
    yield ok(
      Array.from({ length: count }, (_, index) => toRow(bytes.buffer, index * rowBytes, columns)),
    );
  }
}

async function readFully(
  file: Awaited<ReturnType<typeof open>>,
  bytes: Uint8Array,
  position: number,
): Promise<boolean> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) return false;
    done += bytesRead;
  }
  return true;
}

type Decoder = (buffer: ArrayBuffer, offset: number, length: number) => Float32Array;

function decoderOf(type: NpyHeader['type']): Decoder {
  if (type === '<f4') return (buffer, offset, length) => new Float32Array(buffer, offset, length);
  if (type === '<i4') {
    return (buffer, offset, length) => Float32Array.from(new Int32Array(buffer, offset, length));
  }
  const floats = halfFloats();
  return (buffer, offset, length) => {
    const halves = new Uint16Array(buffer, offset, length);
    const row = new Float32Array(length);
    for (let index = 0; index < length; index += 1) row[index] = floats[halves[index] ?? 0] ?? 0;
    return row;
  };
}

let table: Float32Array | undefined;

/** Every float16 there is, by its bits. */
function halfFloats(): Float32Array {
  table ??= Float32Array.from(
    new Float16Array(Uint16Array.from({ length: 65_536 }, (_, n) => n).buffer),
  );
  return table;
}

function refuse(path: string, why: string, cause?: unknown) {
  return err(failure('invalid_field', `Cannot read ${path} as ${why}`, { cause }));
}
