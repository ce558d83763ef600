import type { Context } from 'hono';
import type * as z from 'zod';
import { type Async, type Failure, failure, type FieldError } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { readText, tooLarge } from './read-body.ts';

export const maxBodyBytes = 64 * 1024;

/** The text of a JSON body, bounded and not parsed yet. */
export async function readJsonText(c: Context): Async<string> {
  const type = c.req.header('content-type') ?? '';
  if (type !== 'application/json' && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    const detail = `Cannot read the body as its content-type is not application/json: ${type === '' ? '(none)' : type.slice(0, 100)}`;
    return err(failure('unsupported_media_type', detail));
  }
  return readBody(c);
}

async function readBody(c: Context): Async<string> {
  const tooLong = tooLarge(maxBodyBytes);
  const length = c.req.header('content-length');
  if (Number(length ?? 0) > maxBodyBytes) return err(tooLong);
  const { raw } = c.req;
  // A length that was announced is kept by the HTTP parser, and such a body need not be a stream:
  // that would cost several times what an answer from the cache does.
  if (length === undefined) {
    return readText(raw.body, raw.signal, { maxBytes: maxBodyBytes, tooLong });
  }
  try {
    const text = await raw.text();
    return Buffer.byteLength(text) > maxBodyBytes ? err(tooLong) : ok(text);
  } catch (cause) {
    return err(failure('cancelled', 'Cannot read the body as the connection broke', { cause }));
  }
}

/** Checks a value against a schema; every wrong field is named. */
export function parseFields<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Result<z.output<Schema>, Failure> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const errors = parsed.error.issues.flatMap(toFieldErrors);
  const said = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  return err(
    failure('invalid_field', `Cannot answer as a field is not valid: ${said}`, { errors }),
  );
}

type Issue = z.core.$ZodIssue;

function toFieldErrors(issue: Issue): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key.slice(0, 64)].join('.'),
      message: 'is not a known field',
    }));
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message;
    return [{ path: path.join('.').slice(0, 128), message }];
  }
  return [{ path: path.length === 0 ? 'body' : path.join('.'), message: messageOf(issue) }];
}

/** zod's messages, in the form of the rest: what the field must be. */
function messageOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
    case 'too_small':
      return bound('least', issue.minimum, issue.origin);
    case 'too_big':
      return bound('most', issue.maximum, issue.origin);
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'invalid_union':
      return oneOf(issue.errors) ?? issue.message;
    default:
      return issue.message;
  }
}

/** What each of the forms that a field may have wants of it. */
function oneOf(forms: readonly (readonly Issue[])[]): string | undefined {
  const wanted = forms.flatMap(([first]) => {
    // Nothing at all is a form that nobody means to write.
    const isEmpty = first?.code === 'invalid_value' && first.values.every((value) => value === '');
    return first === undefined || isEmpty ? [] : [messageOf(first)];
  });
  return wanted.length === 0 ? undefined : [...new Set(wanted)].join(', or ');
}

function bound(which: 'least' | 'most', limit: number | bigint, origin: string): string {
  if (origin === 'string') return `must have at ${which} ${limit} characters`;
  if (origin === 'array') return `must have at ${which} ${limit} values`;
  return `must be at ${which} ${limit}`;
}
