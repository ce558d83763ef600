import { readFile, rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { withTurn } from './model-pull-turn.ts';

const LockedFile = z.object({
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type LockedFile = z.infer<typeof LockedFile>;

/** What a model id means on every machine that has this file: one commit, and these bytes. */
export const LockedModel = z.object({
  repository: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  /** By path in the repository. */
  files: z.record(z.string(), LockedFile),
});
export type LockedModel = z.infer<typeof LockedModel>;

/** The content of the lock file, by model id. */
export const ModelLock = z.record(z.string(), LockedModel);
export type ModelLock = z.infer<typeof ModelLock>;

/** An absent file is an empty lock. Fails with `invalid_model` for one that cannot be read. */
export async function readLock(path: string): Async<ModelLock> {
  try {
    return ok(ModelLock.parse(JSON.parse(await readFile(path, 'utf8'))));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return ok({});
    const detail = `Cannot check the model as the lock file is not readable or not valid; mend it or set MODELS_LOCK to another: ${path}`;
    return err(failure('invalid_model', detail, { cause }));
  }
}

/** Writes one model's record; leaves the file alone where it says the same already. */
export async function recordInLock(path: string, id: string, model: LockedModel): Async<void> {
  const known = await readLock(path);
  if (!known.ok) return known;
  if (isSame(known.value[id], model)) return ok(undefined);
  try {
    return await withTurn(`${path}.turn`, async () => {
      const lock = await readLock(path);
      if (!lock.ok) return lock;
      const temporary = `${path}.new`;
      await writeFile(temporary, toText({ ...lock.value, [id]: model }));
      await rename(temporary, path);
      return ok(undefined);
    });
  } catch (cause) {
    const detail = `Cannot pull the model as its hashes cannot be recorded; set MODELS_LOCK to a file that can be written: ${path}`;
    return err(failure('model_unavailable', detail, { cause }));
  }
}

/** The hub, or a mirror of it, has other bytes under a name that was recorded before. */
export function notAsLocked(
  path: string,
  record: { readonly bytes: number; readonly sha256: string },
  found: { readonly bytes: number; readonly sha256?: string },
): Failure {
  const show = ({ bytes, sha256 }: typeof found) =>
    `${bytes} bytes${sha256 === undefined ? '' : ` with SHA-256 ${sha256}`}`;
  const detail = `Cannot pull the model as a file is not what the lock file has, ${show(found)} in place of ${show(record)}; to accept the new one, take the model out of the lock file: ${path}`;
  return failure('invalid_model', detail);
}

function isSame(known: LockedModel | undefined, model: LockedModel): boolean {
  return known !== undefined && toText({ known }) === toText({ known: model });
}

/** Sorted, so that a pull changes no line that it has nothing to do with. */
function toText(lock: ModelLock): string {
  const models = sortByKey(lock).map(([id, { repository, commit, files }]) => [
    id,
    { repository, commit, files: Object.fromEntries(sortByKey(files)) },
  ]);
  return `${JSON.stringify(Object.fromEntries(models), undefined, 2)}\n`;
}

function sortByKey<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1));
}
