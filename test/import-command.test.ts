import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createClipLike } from '../scripts/clip-like.ts';
import { createNpyWriter } from '../scripts/npy-writer.ts';
import { runScript, startScript } from './support/processes.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

/** The length of the built-in model's vectors. */
const dimensions = 256;

const temporaryDirectory = useTemporaryDirectories();
let folder: string;
let env: { DATA_DIR: string };

beforeEach(async () => {
  folder = await temporaryDirectory();
  env = { DATA_DIR: await temporaryDirectory() };
});

async function put(count: number, columns = dimensions): Promise<readonly [string, string]> {
  const [vectors, rows] = [join(folder, 'vectors.npy'), join(folder, 'rows.jsonl')];
  const writer = await createNpyWriter(vectors, columns, '<f2');
  await writer.write(createClipLike({ seed: 1, dimensions: columns }).images(0, count));
  await writer.close();
  const lines = Array.from({ length: count }, (_, row) => ({ file_path: `${row}.jpg`, row }));
  await writeFile(rows, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return [vectors, rows];
}

async function rowsFound(...options: string[]): Promise<number[]> {
  const args = ['a dog', '--json', '--top-k', '100', ...options];
  const { stdout, stderr } = await runScript('search', args, env);
  expect(stderr).toBe('');
  const Found = z.object({
    results: z.array(z.object({ metadata: z.object({ row: z.number() }) })),
  });
  return Found.parse(JSON.parse(stdout)).results.map(({ metadata }) => metadata.row);
}

describe('The import command', () => {
  it('makes vectors findable, and export and import make the same of them', async () => {
    const [vectors, rows] = await put(60);
    const { code, stdout } = await runScript('import', [vectors, '--metadata', rows], env);
    expect(stdout).toContain('60 pictures imported');
    expect(code).toBe(0);
    const found = await rowsFound();
    expect(found.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, row) => row));
    const out = join(folder, 'out');
    expect((await runScript('export', [out], env)).stdout).toContain('60 vectors of demo');
    env = { DATA_DIR: await temporaryDirectory() };
    expect((await runScript('import', [out], env)).stdout).toContain('60 pictures imported');
    expect(await rowsFound()).toEqual(found);
  });

  it('writes nothing when a row is bad, or everything else when it is told so', async () => {
    const [vectors, rows] = await put(30);
    const lines = (await readFile(rows, 'utf8')).split('\n');
    await writeFile(rows, lines.with(17, 'no JSON').join('\n'));
    const refused = await runScript('import', [vectors, '--metadata', rows], env);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('rows.jsonl, row 17: its line is not valid JSON');
    expect(refused.stderr).not.toContain('    at ');
    expect(await rowsFound()).toEqual([]);
    const args = [vectors, '--metadata', rows, '--skip-bad'];
    expect((await runScript('import', args, env)).stdout).toContain('29 pictures imported');
    expect(await rowsFound()).toHaveLength(29);
  });

  it('checks without writing', async () => {
    const [vectors, rows] = await put(5);
    const args = [vectors, '--metadata', rows, '--dry-run'];
    expect((await runScript('import', args, env)).stdout).toContain('5 pictures would be imported');
    expect(await rowsFound()).toEqual([]);
  });

  it('says which model is needed', async () => {
    const [vectors, rows] = await put(5, 64);
    const other = await runScript('import', [vectors, '--metadata', rows], env);
    expect(other.stderr).toContain('the vectors are 64 long, and those of demo 256');
    const named = await runScript(
      'import',
      [vectors, '--metadata', rows, '--model', 'ViT-B-32/openai'],
      env,
    );
    expect(named.stderr).toContain('the vectors are of ViT-B-32/openai');
    expect([other.code, named.code]).toEqual([1, 1]);
  });

  it.each([
    [[], 'there must be one file or folder'],
    [['/nowhere/at/all'], 'there is no such file or folder: /nowhere/at/all'],
    [['package.json'], '--metadata is missing'],
    [['package.json', '--metadata', 'package.json'], 'not in the format of NumPy'],
    [['.'], 'neither vectors.npy nor img_emb/img_emb_0.npy'],
    [['.', '--batch-size', '0'], '--batch-size must be a whole number from 1 to 10000: 0'],
  ])('explains what is wrong with %j', async (args, sentence) => {
    const { code, stderr } = await runScript('import', args, env);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('    at ');
  });

  it.each(['import', 'export', 'simulate'])('has help for %s', async (name) => {
    const { code, stdout } = await runScript(name, ['--help'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('npm run');
  });
});

describe('The export command', () => {
  it('leaves a folder alone that is there', async () => {
    const { code, stderr } = await runScript('export', [folder], env);
    expect(code).toBe(1);
    expect(stderr).toContain('the folder is there already');
  });
});

describe('The simulate command', () => {
  const args = ['--dimensions', '32', '--batch-size', '250', '--like', 'clip'];

  it('goes on where it was killed, and takes away what it made', async () => {
    const first = startScript('simulate', ['--count', '6000', ...args], env);
    const manifest = join(env.DATA_DIR, 'simulated', 'manifest.json');
    while (!existsSync(manifest) && first.process.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    first.process.kill('SIGKILL');
    await first.finished;
    const { code, stdout, stderr } = await runScript('simulate', ['--count', '6000', ...args], env);
    expect(stderr).not.toContain('Cannot');
    expect(code).toBe(0);
    const [, found, written] = /(\d+) found, (\d+) written/.exec(stdout) ?? [];
    expect(stdout).toContain('6000 pictures in simulated');
    expect(Number(found) + Number(written)).toBe(6000);
    expect(stdout).toMatch(/memory +\d+ MB/);
    expect(stdout).toMatch(/disk +\d+ MB/);
    const again = await runScript('simulate', ['--count', '6000', ...args], env);
    expect(again.stdout).toContain('6000 found, 0 written');
    expect((await runScript('simulate', ['--remove'], env)).code).toBe(0);
    expect(existsSync(join(env.DATA_DIR, 'simulated'))).toBe(false);
  });

  it('never takes away pictures that are not made up', async () => {
    const [vectors, rows] = await put(5);
    await runScript('import', [vectors, '--metadata', rows], env);
    const removed = await runScript('simulate', ['--remove', '--collection', 'images'], env);
    expect(removed.stderr).toContain('its pictures are not made up');
    expect(await rowsFound()).toHaveLength(5);
  });

  it('refuses another seed beside the first', async () => {
    await runScript('simulate', ['--count', '300', ...args], env);
    const other = await runScript('simulate', ['--count', '300', '--seed', '2', ...args], env);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('Cannot open the index as another');
  });
});
