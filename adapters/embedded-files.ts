import { randomBytes } from 'node:crypto';
import {
  copyFile,
  link,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

/** `collection.json`: what is in the collection's folder. */
export const Manifest = z.object({
  /** Of the folder as a whole. */
  format: z.int(),
  model: z.string(),
  revision: z.string(),
  dimensions: z.int(),
  /** An empty zvec collection: zvec locks what it has open, also against a second open here. */
  lock: z.string().regex(/^[\w-]+$/),
  /** The vectors as they were at the last checkpoint; the journal beside them has what came then. */
  vectors: z.string().regex(/^[\w-]+$/),
  /** The file of the search space that the vectors are kept in; left out: as the model makes them. */
  space: z
    .string()
    .regex(/^[\w-]+$/)
    .optional(),
  /** So many points were replaced or removed since `vectors` was made; left out: nobody knows. */
  replaced: z.int().optional(),
  /** What `npm run tune` has found. */
  effort: z.object({ ef: z.int(), oversampling: z.number() }).optional(),
});
export type Manifest = z.infer<typeof Manifest>;

const manifestName = 'collection.json';

export async function readManifest(folder: string): Promise<Manifest> {
  return Manifest.parse(JSON.parse(await readFile(path.join(folder, manifestName), 'utf8')));
}

/** Replaces it at once: after a crash there is the old one or the new one. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const file = path.join(folder, manifestName);
  await writeFile(`${file}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

export function journalFile(folder: string, { vectors }: Manifest): string {
  return path.join(folder, `${vectors}.journal`);
}

/** A name never used before: zvec gives garbage when a path is used again in one process. */
export function freshName(kind: string): string {
  return `${kind}-${randomBytes(6).toString('hex')}`;
}

/** The folder, in a collection's own, of the collection that is to take its place. */
export const successorName = 'next';

/** Removes what crashed processes and earlier checkpoints have left. */
export async function removeLeftovers(folder: string, manifest: Manifest): Promise<void> {
  const { lock, vectors, space } = manifest;
  const journal = path.basename(journalFile(folder, manifest));
  const kept = new Set([manifestName, lock, vectors, journal, space, successorName]);
  for (const name of await readdir(folder)) {
    if (!kept.has(name)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

/**
 * A second copy of the files of a closed zvec collection that has no open segment. What zvec
 * writes once and never changes is shared by hard links, so it takes neither time nor space.
 */
export async function cloneFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) await cloneFiles(source, target);
    else if (/\.(sst|ipc|proxima)$/.test(entry.name)) await linkOrCopy(source, target);
    else await copyFile(source, target);
  }
}

/** Not every file system has hard links. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  await link(source, target).catch(() => copyFile(source, target));
}

export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
