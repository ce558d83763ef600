import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { computeSearchSpace } from '../core/compute-search-space.ts';
import { serializeSearchSpace } from '../core/search-space.ts';
import { randomVector } from '../test/support/points.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { registeredModels } from './model-registry.ts';
import { findModelSpace, spaceFileName } from './model-spaces.ts';

const vitB32 = { id: 'ViT-B-32/openai', dimensions: 512 };

describe('The search spaces that are shipped', () => {
  const createDirectory = useTemporaryDirectories();

  it('has one for ViT-B-32, in a file that is not large', async () => {
    const space = await findModelSpace(vitB32);
    expect(space?.dimensions).toBe(512);
    expect(space?.statistics.directions.length).toBeGreaterThan(16);
    const file = path.resolve(import.meta.dirname, '../models/spaces', spaceFileName(vitB32.id));
    expect((await readFile(file)).length).toBeLessThanOrEqual(150_000);
  });

  it('fit every model that they are named for', async () => {
    for (const { id, dimensions } of registeredModels) {
      const space = await findModelSpace({ id, dimensions });
      expect(space?.dimensions ?? dimensions).toBe(dimensions);
    }
  });

  it('have none for other models, or for other dimensions', async () => {
    expect(await findModelSpace({ id: 'ViT-X/unknown', dimensions: 512 })).toBeUndefined();
    expect(await findModelSpace({ ...vitB32, dimensions: 768 })).toBeUndefined();
    expect(await findModelSpace({ id: '../../models/spaces/x', dimensions: 512 })).toBeUndefined();
  });

  it('are found by the name of their model, and refused when damaged', async () => {
    const directory = await createDirectory();
    const vectors = Array.from({ length: 20 }, () => randomVector(Math.random, 8));
    const space = computeSearchSpace({ images: vectors, texts: vectors });
    if (!space.ok) throw new Error(space.error);
    const bytes = serializeSearchSpace(space.value);
    await writeFile(path.join(directory, 'tiny__one.space'), bytes);
    const found = await findModelSpace({ id: 'tiny/one', dimensions: 8 }, directory);
    expect(found?.id).toBe(space.value.id);
    await writeFile(path.join(directory, 'tiny__one.space'), bytes.subarray(1));
    await expect(findModelSpace({ id: 'tiny/one', dimensions: 8 }, directory)).rejects.toThrow(
      'Cannot use the search space of tiny/one',
    );
  });

  it('have names that stay in one folder', () => {
    expect(spaceFileName('ViT-B-32/openai')).toBe('ViT-B-32__openai.space');
    expect(spaceFileName('../a\\b c')).toBe('..__a_b_c.space');
  });
});
