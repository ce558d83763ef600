import path from 'node:path';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { readManifest } from './embedded-files.ts';
import { createEmbeddedStore } from './embedded-store.ts';

/** Opens the collection of a folder, which applies its journal, and closes it again as a checkpoint. */
export async function countVectors(folder: string): Async<number> {
  const { model: id, revision, dimensions } = await readManifest(folder);
  const { dir: directory, base: collection } = path.parse(folder);
  const model = { id, revision, dimensions };
  const store = await createEmbeddedStore({ directory, collection, model });
  if (!store.ok) return store;
  const count = await store.value.count();
  await store.value.close();
  return count;
}

export function filesFailure(what: string, cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause);
  return failure('index_unusable', `Cannot ${what} as ${why}`, { cause });
}
