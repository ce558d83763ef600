import { realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { abortFailure, type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';

/**
 * The path of a key, or `undefined` where it is none below the root in its one form: a file must not
 * be found under a second key.
 */
export function pathInside(root: string, key: string): string | undefined {
  if (key.includes('\0')) return undefined;
  const path = resolve(root, key);
  const own = startsBelow(root, path) && relative(root, path).split(sep).join('/') === key;
  return own ? path : undefined;
}

/**
 * The path of a file as it really is. Fails as if there were none when a link leads to it: it may
 * lead out of the folder.
 */
export async function realPathInside(root: string, path: string): Promise<string> {
  const [realRoot, realFile] = await Promise.all([realpath(root), realpath(path)]);
  if (realFile === join(realRoot, relative(root, path))) return realFile;
  throw Object.assign(new Error('Not the file itself'), { code: 'ENOENT' });
}

function startsBelow(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Thrown where something else is in the way; its message says what. */
export interface InTheWay extends Error {
  readonly code: 'IN_THE_WAY';
}

export function inTheWay(message: string): InTheWay {
  return Object.assign(new Error(message), { code: 'IN_THE_WAY' as const });
}

/** What the work gives; what the system throws at it is a failure. */
export async function withFile<T>(
  doing: 'read' | 'write' | 'remove',
  key: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Async<T> {
  if (signal?.aborted) return err(abortFailure(signal));
  try {
    return ok(await work());
  } catch (cause) {
    if (signal?.aborted) return err(abortFailure(signal));
    const code = codeOf(cause);
    if (doing !== 'write' && noFile.has(code)) return err(noSuchFile(key));
    const why = reasonOf(code, cause);
    return err(
      failure('image_unreadable', `Cannot ${doing} the file as ${why}: ${key}`, { cause }),
    );
  }
}

const noFile = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

function reasonOf(code: string, cause: unknown): string {
  if (code === 'EACCES' || code === 'EPERM') return 'permission is denied';
  if (code === 'ENAMETOOLONG') return 'its name is too long';
  if (code === 'ENOSPC') return 'the disk is full';
  if (code === 'IN_THE_WAY' && cause instanceof Error) return cause.message;
  return `the system says ${code}`;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}

export function noSuchFile(key: string): Failure {
  return failure('not_found', `Cannot read the file as it does not exist: ${key}`);
}
