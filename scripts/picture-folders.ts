import { stat } from 'node:fs/promises';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { type Async, failure } from '../core/failure.ts';
import type { ObjectReader } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';

/**
 * Where the pictures of a record's root are. A folder that is not there as a whole is a disk that is
 * not connected more often than ten thousand pictures that are gone: so it fails.
 */
export function createPictureFolders(): (root: string) => Async<ObjectReader> {
  const known = new Map<string, Async<ObjectReader>>();
  return (root) => {
    const found = known.get(root) ?? openFolder(root);
    known.set(root, found);
    return found;
  };
}

async function openFolder(root: string): Async<ObjectReader> {
  const isFolder = await stat(root).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (isFolder) return ok(createDirectoryObjects(root));
  const wayOut = root.includes('://')
    ? 'only vectors of it are there, and no pictures that could be encoded'
    : 'connect its disk, or take its pictures out with npm run index -- <folder> --remove';
  const detail = `Cannot read the pictures as their folder is not there (${wayOut}): ${root}`;
  return err(failure('image_unreadable', detail));
}
