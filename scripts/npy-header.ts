import { failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

/** What the head of a file in NumPy's format says of its numbers. */
export interface NpyHeader {
  readonly type: NpyType;
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly offset: number;
}

export type NpyType = keyof typeof bytesOf;

/** Little-endian, as `descr` names them. */
export const bytesOf = { '<f2': 2, '<f4': 4, '<i4': 4 } as const;

const magic = '\x93NUMPY';
/** Enough for the head of any array: version, length and a few dozen characters. */
export const maxHeadBytes = 4096;

/**
 * Reads the head from the first bytes of a file: versions 1 to 3 of the format, C order.
 * @param file How the file is called in a failure.
 */
export function parseNpyHeader(head: Buffer, file: string): Result<NpyHeader, Failure> {
  const refuse = (why: string) => err(failure('invalid_field', `Cannot read ${file} as ${why}`));
  if (head.length < 12 || head.toString('latin1', 0, 6) !== magic) {
    return refuse('it is not in the format of NumPy (.npy)');
  }
  const version = head.readUInt8(6);
  if (version < 1 || version > 3) return refuse(`its version of the format is unknown: ${version}`);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
  const offset = start + length;
  if (offset > maxHeadBytes) return refuse(`its head is too long: ${length} bytes`);
  if (offset > head.length) return refuse('it ends within its head');
  const text = head.toString(version === 3 ? 'utf8' : 'latin1', start, offset);
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    return refuse('its head names no descr, fortran_order and shape');
  }
  if (!isNpyType(descr)) {
    return refuse(
      `its numbers are of another type than float16, float32 or int32, little-endian: ${descr}`,
    );
  }
  if (order === 'True') return refuse('its numbers are by columns (fortran_order), not by rows');
  const sizes = shape
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '');
  return ok({ type: descr, shape: sizes.map(Number), offset });
}

/**
 * The head of an array of rows, version 1. Its length is the same for any count of rows, so that it
 * can be written again once they are counted.
 */
export function formatNpyHeader(type: NpyType, rows: number, columns: number): Buffer {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const padded = `${text.padEnd(117)}\n`;
  const head = Buffer.alloc(10 + padded.length);
  head.write(`${magic}\x01\x00`, 'latin1');
  head.writeUInt16LE(padded.length, 8);
  head.write(padded, 10, 'latin1');
  return head;
}

function isNpyType(descr: string): descr is NpyType {
  return Object.hasOwn(bytesOf, descr);
}
