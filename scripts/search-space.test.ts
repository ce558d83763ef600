import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSearchSpace } from '../core/search-space.ts';
import { randomVector } from '../test/support/points.ts';
import { runScript } from '../test/support/processes.ts';
import { seededRandom } from '../test/support/random.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createNpyWriter } from './npy-writer.ts';

describe('The commands for search spaces', () => {
  const createDirectory = useTemporaryDirectories();
  let directory: string;
  let files: { readonly images: string; readonly texts: string };

  beforeAll(async () => {
    directory = await createDirectory();
    files = { images: path.join(directory, 'i.npy'), texts: path.join(directory, 't.npy') };
    await writeNpy(files.images, 400);
    await writeNpy(files.texts, 20);
  });

  it('write a space of vectors in files', async () => {
    const write = path.join(directory, 'some.space');
    const args = ['--images', files.images, '--texts', files.texts, '--write', write];
    const { code, stdout } = await runScript('space-statistics', args);
    expect(code).toBe(0);
    const space = parseSearchSpace(await readFile(write));
    expect(stdout).toContain(space.ok ? `space ${space.value.id}, 16 dimensions` : space.error);
  });

  it('measure what each step brings', async () => {
    const json = path.join(directory, 'run.json');
    const args = ['--vectors', files.images, '--queries', files.texts, '--held-out', '20'];
    args.push('--ef', '200', '--json', json);
    const { code, stdout, stderr } = await runScript('benchmark-search-space', args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('380 images, 20 of others asked for, 20 texts');
    const { cases } = JSON.parse(await readFile(json, 'utf8')) as {
      cases: { text: { recall: number }[]; image: { recall: number }[] }[];
    };
    expect(cases.length).toBe(6);
    // So few vectors that the graph has them all.
    for (const { text, image } of cases) {
      for (const { recall } of [...text, ...image]) expect(recall).toBeGreaterThan(0.98);
    }
  });

  it.each([
    ['space-statistics', [], '--write are needed'],
    ['benchmark-search-space', [], '--vectors and --queries are needed'],
    ['benchmark-search-space', ['--vectors', 'a', '--queries', 'b', '--m', '0'], '--m must be'],
    ['benchmark-search-space', ['--vectors', 'a', '--queries', 'b'], 'Cannot read a as'],
    ['benchmark-search-space', ['--vectors', 'a', '--queries', 'b', '--power', 'x'], '--power'],
  ])('%s says what is wrong with %j', async (script, args, said) => {
    const { code, stdout, stderr } = await runScript(script, args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
  });
});

async function writeNpy(file: string, rows: number): Promise<void> {
  const random = seededRandom(rows);
  const writer = await createNpyWriter(file, 16);
  await writer.write(Array.from({ length: rows }, () => randomVector(random, 16)));
  await writer.close();
}
