import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createPictureReader } from '../adapters/picture-reader.ts';
import type { Async } from '../core/failure.ts';
import { indexObjects } from '../core/index-objects.ts';
import type { ObjectReader } from '../core/object-store.ts';
import { wrongArgument } from './command.ts';
import { removeRecords } from './index-remove.ts';
import { type IndexOptions, runIndexing } from './index-run.ts';
import { openManifest } from './manifest.ts';
import { withEngine } from './open-local.ts';
import { createProgress } from './progress.ts';

/** Brings the index up to the state of a folder. The exit code. */
export async function indexDirectory(folder: string, options: IndexOptions): Async<number> {
  if (!(await isFolder(folder))) return wrongArgument(`there is no such folder: ${folder}`);
  const objects = createDirectoryObjects(folder);
  return withEngine(async ({ engine, config }) => {
    const interruption = new AbortController();
    process.once('SIGINT', () => interruption.abort());
    const [manifest, total] = await Promise.all([
      openManifest(options.manifest ?? join(config.DATA_DIR, 'manifest.json')),
      countFiles(objects),
    ]);
    if (!manifest.ok) return manifest;
    const pictures = createPictureReader();
    const { signal } = interruption;
    return runIndexing({
      manifest: manifest.value,
      progress: createProgress('Indexing', total),
      stop: signal,
      work: (onOutcomes) =>
        indexObjects(engine, { ...options, objects, pictures, signal, onOutcomes }),
    });
  });
}

/** Also of a folder that is not there any more. The exit code. */
export function removeDirectory(folder: string): Async<number> {
  const { root } = createDirectoryObjects(folder);
  return withEngine(({ engine }) => removeRecords(engine.store, { root }));
}

async function countFiles(objects: ObjectReader): Promise<number> {
  let count = 0;
  for await (const _ of objects.list()) count += 1;
  return count;
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
