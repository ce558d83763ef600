import { createReadStream } from 'node:fs';
import { failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

const maxLineCharacters = 1_000_000;

/** The lines of a file, one at a time; empty ones at its end are none. A failure is the last. */
export async function* readLines(path: string): AsyncGenerator<Result<string, Failure>> {
  let rest = '';
  let empty = 0;
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
      const lines = `${rest}${String(chunk)}`.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > maxLineCharacters) {
        return yield refuse(path, `it has a line of more than ${maxLineCharacters} characters`);
      }
      for (const line of lines) {
        if (line.trim() === '') empty += 1;
        else {
          for (; empty > 0; empty -= 1) yield ok('');
          yield ok(line.trim());
        }
      }
    }
  } catch (cause) {
    return yield refuse(path, 'it cannot be read', cause);
  }
  if (rest.trim() === '') return;
  for (; empty > 0; empty -= 1) yield ok('');
  yield ok(rest.trim());
}

/** The same, each line being JSON: an inner failure is of a line, an outer one of the file. */
export async function* readJsonLines(
  path: string,
): AsyncGenerator<Result<Result<unknown, string>, Failure>> {
  for await (const line of readLines(path)) yield line.ok ? ok(parseLine(line.value)) : line;
}

function parseLine(line: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(line));
  } catch {
    return err('its line is not valid JSON');
  }
}

function refuse(path: string, why: string, cause?: unknown) {
  return err(failure('invalid_field', `Cannot read ${path} as ${why}`, { cause }));
}
