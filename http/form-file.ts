import { type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { tooLarge } from './read-body.ts';

/** A form as S3 takes it: fields and then, under the name `file`, one file. */
export interface FormFile {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: Uint8Array;
}

/** How many bytes the file must have, by the fields before it; or why it is not wanted. */
export type FieldsCheck = (
  fields: FormFile['fields'],
) => Result<{ readonly bytes: number }, Failure>;

export interface FormFileReader {
  /** Takes the next bytes of the body. Fails with `upload_refused` and as the check does. */
  add(chunk: Uint8Array): Failure | undefined;
  /** The whole form, once the body has ended. Fails with `upload_refused`. */
  end(): Result<FormFile, Failure>;
}

/** What may come before the file, and after it: the fields of an upload have less than 4 KB. */
const maxBesideBytes = 32 * 1024;

/**
 * Reads a body of `multipart/form-data`, piece by piece. The file's length is known before its first
 * byte, so that nothing in it is searched for, and a file that is not wanted is not read. What comes
 * after the file is ignored, as S3 does.
 */
export function createFormFileReader(boundary: string, check: FieldsCheck): FormFileReader {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // As if a line had ended before the body: then every part begins after a delimiter.
  let head = Buffer.from('\r\n');
  const parseHead = createHeadParser(delimiter);
  let fields: FormFile['fields'] = {};
  let file: Slot | undefined;
  return {
    add(chunk) {
      if (file) return file.add(chunk);
      head = Buffer.concat([head, chunk]);
      const parsed = parseHead(head);
      if (!parsed.ok) return parsed.error;
      if (parsed.value === undefined) {
        return head.length > maxBesideBytes ? tooLarge(maxBesideBytes) : undefined;
      }
      const checked = check(parsed.value.fields);
      if (!checked.ok) return checked.error;
      fields = parsed.value.fields;
      file = createSlot(checked.value.bytes, delimiter);
      return file.add(head.subarray(parsed.value.fileAt));
    },
    end() {
      if (!file) return err(refused('it has no file after its fields'));
      const bytes = file.whole();
      return bytes === undefined ? err(refused(otherLength)) : ok({ fields, file: bytes });
    },
  };
}

interface Head {
  readonly fields: FormFile['fields'];
  readonly fileAt: number;
}

/**
 * Finds the fields before the file, and where it begins; `undefined` where more of them is to come. It
 * goes on where it stopped: anybody may send a form a byte at a time, and nobody was asked for a key.
 */
function createHeadParser(delimiter: Buffer): (head: Buffer) => Result<Head | undefined, Failure> {
  const begin = Buffer.concat([delimiter, Buffer.from('\r\n')]);
  const fields: Record<string, string> = {};
  let at = 0;
  return (head) => {
    for (;;) {
      const nameAt = at + begin.length;
      const begun = head.subarray(at, nameAt);
      if (!begun.equals(begin.subarray(0, begun.length))) return err(refused(noForm));
      const nameEnd = head.indexOf('\r\n\r\n', nameAt);
      if (nameEnd === -1) return ok(undefined);
      const name = nameOf(head.toString('utf8', nameAt, nameEnd));
      if (name === undefined) return err(refused(noForm));
      const valueAt = nameEnd + 4;
      if (name === 'file') return ok({ fields, fileAt: valueAt });
      const valueEnd = head.indexOf(delimiter, valueAt);
      if (valueEnd === -1) return ok(undefined);
      if (Object.hasOwn(fields, name)) return err(refused(`a field comes twice: ${name}`));
      const value = head.toString('utf8', valueAt, valueEnd);
      Object.defineProperty(fields, name, { value, enumerable: true });
      at = valueEnd;
    }
  };
}

/** The name that the headers of a part give it. */
function nameOf(headers: string): string | undefined {
  const line = /^content-disposition:\s*form-data\s*;.*$/im.exec(headers)?.[0] ?? '';
  const [, quoted, bare] = /;\s*name=(?:"([^"]*)"|([^\s;"]+))/i.exec(line) ?? [];
  return quoted ?? bare;
}

interface Slot {
  add(chunk: Uint8Array): Failure | undefined;
  /** Its bytes, if there are neither fewer nor more before the delimiter. */
  whole(): Uint8Array | undefined;
}

function createSlot(bytes: number, delimiter: Buffer): Slot {
  const slot = Buffer.allocUnsafe(bytes + delimiter.length);
  let filled = 0;
  let after = 0;
  const ends = () => filled === slot.length && slot.subarray(bytes).equals(delimiter);
  return {
    add(chunk) {
      const taken = chunk.subarray(0, slot.length - filled);
      slot.set(taken, filled);
      filled += taken.length;
      after += chunk.length - taken.length;
      if (filled === slot.length && !ends()) return refused(otherLength);
      return after > maxBesideBytes ? tooLarge(maxBesideBytes) : undefined;
    },
    whole: () => (ends() ? slot.subarray(0, bytes) : undefined),
  };
}

const noForm = 'its body is not a form of fields and then a file';

const otherLength = 'its file is not exactly as long as was agreed';

function refused(why: string): Failure {
  return failure('upload_refused', `Cannot take the upload as ${why}`);
}
