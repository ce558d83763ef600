import path from 'node:path';
import { type ZVecCollection, ZVecOpen } from '@zvec/zvec';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { err, type Result } from '../core/result.ts';
import { type Manifest, readManifest } from './embedded-files.ts';
import { prepareEngine } from './embedded-schema.ts';

/**
 * Does something to a collection's folder while nobody has it open. Fails with `index_locked` when
 * somebody has, with `index_unusable` when it throws.
 */
export async function withCollectionLock<T>(
  folder: string,
  action: (manifest: Manifest) => Promise<Result<T, Failure>>,
): Async<T> {
  prepareEngine();
  let lock: ZVecCollection | undefined;
  try {
    const { lock: name } = await readManifest(folder);
    lock = ZVecOpen(path.join(folder, name));
    return await action(await readManifest(folder));
  } catch (cause) {
    return err(lockFailure(folder, cause));
  } finally {
    lock?.closeSync();
  }
}

/** Whether zvec could not open a collection because somebody else has. */
export function isLocked(cause: unknown): boolean {
  return cause instanceof Error && /can't lock/i.test(cause.message);
}

function lockFailure(folder: string, cause: unknown): Failure {
  if (isLocked(cause)) {
    return failure(
      'index_locked',
      `Cannot change the index as another process has it open: ${folder}. Stop that one first (is npm start running?)`,
      { cause },
    );
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return failure('index_unusable', `Cannot change the index as ${why}: ${folder}`, { cause });
}
