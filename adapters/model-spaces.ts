import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelInfo } from '../core/ports.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { parseSearchSpace } from '../core/search-space.ts';

const shipped = fileURLToPath(new URL('../models/spaces/', import.meta.url));

/**
 * The search space that is shipped with a model, or `undefined` where there is none. A damaged file
 * throws: it is part of this program.
 */
export async function findModelSpace(
  { id, dimensions }: Pick<ModelInfo, 'id' | 'dimensions'>,
  directory: string = shipped,
): Promise<SearchSpace | undefined> {
  const bytes = await readIfThere(path.join(directory, spaceFileName(id)));
  if (!bytes) return undefined;
  const space = parseSearchSpace(bytes);
  if (!space.ok) throw new Error(`Cannot use the search space of ${id} as ${space.error}`);
  // Another model of the same name: what is known of the one says nothing about it.
  return space.value.dimensions === dimensions ? space.value : undefined;
}

/** `ViT-B-32/openai` → `ViT-B-32__openai.space`, always in one folder. */
export function spaceFileName(modelId: string): string {
  return `${modelId.replaceAll('/', '__').replaceAll(/[^\w.-]/g, '_')}.space`;
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
