import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SearchSpace } from '../core/search-space-form.ts';
import { parseSearchSpace, serializeSearchSpace } from '../core/search-space.ts';
import { type Manifest, freshName } from './embedded-files.ts';

/** The space that a collection is kept in, or none. */
export async function readSpace(
  folder: string,
  { space }: Manifest,
): Promise<SearchSpace | undefined> {
  return space === undefined ? undefined : spaceOf(await readFile(path.join(folder, space)));
}

/** @returns The name of its file. */
export async function writeSpace(folder: string, space: SearchSpace): Promise<string> {
  const name = freshName('space');
  await writeFile(path.join(folder, name), serializeSearchSpace(space));
  return name;
}

export function spaceOf(bytes: Uint8Array): SearchSpace {
  const parsed = parseSearchSpace(bytes);
  if (!parsed.ok) throw new Error(`Cannot use the search space as ${parsed.error}`);
  return parsed.value;
}
