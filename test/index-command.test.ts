import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  colours,
  jpegWithOrientation,
  noise,
  pngOf,
  quarters,
  truncated,
} from './support/images.ts';
import { runScript, startScript } from './support/processes.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const photos = join(import.meta.dirname, '../../shared/data/photos');

const Manifest = z.array(
  z.object({
    id: z.string(),
    path: z.string(),
    outcome: z.enum(['indexed', 'skipped', 'failed', 'removed']),
    reason: z.string().optional(),
  }),
);

const temporaryDirectory = useTemporaryDirectories();
let folder: string;
let env: { DATA_DIR: string };

beforeEach(async () => {
  folder = await temporaryDirectory();
  env = { DATA_DIR: await temporaryDirectory() };
});

async function put(key: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), content);
}

async function manifest() {
  const path = join(env.DATA_DIR, 'manifest.json');
  return Manifest.parse(JSON.parse(await readFile(path, 'utf8')));
}

async function index(...options: string[]) {
  return runScript('index', [folder, ...options], env);
}

async function pathsFor(query: string, ...options: string[]): Promise<string[]> {
  const { code, stdout } = await runScript('search', [query, '--json', ...options], env);
  expect(code).toBe(0);
  const Found = z.object({
    results: z.array(z.object({ metadata: z.object({ file_path: z.string() }) })),
  });
  return Found.parse(JSON.parse(stdout)).results.map(({ metadata }) => metadata.file_path);
}

describe('the index command', () => {
  it('reports every bad file and indexes the rest', async () => {
    const good = await pngOf(colours.red, 40, 40);
    await put('a/good.png', good);
    await put('a/turned.jpg', await jpegWithOrientation(quarters(), 6));
    await put('bad/empty.png', '');
    await put('bad/truncated.png', truncated(await pngOf(colours.blue, 300, 300)));
    await put('bad/renamed.jpg', 'a text with the name of a picture');
    await put('bad/huge.jpg', Buffer.alloc(50 * 1024 * 1024 + 1));
    await put('bad/bomb.bmp', bombBmp());
    await put('ignored.txt', 'not a picture by its name');
    const { code, stdout } = await index();
    expect(code).toBe(0);
    expect(stdout).toContain('2 indexed, 0 skipped, 5 failed');
    const files = await manifest();
    expect(files.filter(({ outcome }) => outcome === 'indexed').map(({ path }) => path)).toEqual([
      'a/good.png',
      'a/turned.jpg',
    ]);
    for (const { path, reason } of files.filter(({ outcome }) => outcome === 'failed')) {
      expect(path).toMatch(/^bad\//);
      expect(reason).toMatch(/^Cannot /);
    }
  });

  it('skips what it knows, prunes what is gone, and undoes it all', async () => {
    await put('a.png', await pngOf(colours.red));
    await put('b.png', await pngOf(colours.blue));
    expect((await index()).stdout).toContain('2 indexed, 0 skipped, 0 failed');
    expect((await index()).stdout).toContain('0 indexed, 2 skipped, 0 failed');
    await rm(join(folder, 'a.png'));
    expect((await index()).stdout).toContain('0 indexed, 1 skipped, 0 failed');
    expect((await pathsFor('red')).toSorted()).toEqual(['a.png', 'b.png']);
    expect((await index('--prune')).stdout).toContain('1 removed');
    expect(await pathsFor('red')).toEqual(['b.png']);
    expect((await index('--remove')).stdout).toContain('Removed 1 pictures');
    expect(await pathsFor('red')).toEqual([]);
  });

  it('takes categories from folders, or the one that is given', async () => {
    await put('warm/a.png', await pngOf(colours.red));
    await put('cold/b.png', await pngOf(colours.blue));
    await index();
    expect(await pathsFor('anything', '--filter', 'category=cold')).toEqual(['cold/b.png']);
    await index('--category', 'mine');
    expect(await pathsFor('anything', '--filter', 'category=mine')).toHaveLength(2);
  });

  it.each([
    [[], 'there must be one folder'],
    [['/nowhere/at/all'], 'there is no such folder: /nowhere/at/all'],
    [['.', '--batch-size', '0'], '--batch-size must be a whole number from 1 to 4096: 0'],
    [['.', '--nope'], "Unknown option '--nope'"],
  ])('explains what is wrong with %j', async (args, sentence) => {
    const { code, stderr } = await runScript('index', args, env);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('    at ');
  });

  it.each(['index', 'search', 'serve', 'benchmark'])('has help for %s', async (name) => {
    const { code, stdout } = await runScript(name, ['--help'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('npm ');
  });
});

describe('the index command, interrupted', () => {
  const count = 400;

  it.each(['SIGINT', 'SIGKILL'] as const)('by %s goes on where it was', async (signal) => {
    const files = await Promise.all(
      Array.from({ length: count }, (_, n) => pngOf([n % 256, (n * 7) % 256, (n * 31) % 256])),
    );
    for (const [n, file] of files.entries()) await put(`${n}.png`, file);
    const first = startScript('index', [folder, '--batch-size', '16'], env);
    const marker = join(env.DATA_DIR, 'manifest.json.part');
    while (!existsSync(marker) || (await readFile(marker, 'utf8')) === '') {
      if (first.process.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    first.process.kill(signal);
    const { code } = await first.finished;
    expect(code).toBe(signal === 'SIGINT' ? 130 : null);
    const { stdout } = await index();
    const [, indexed, skipped] = /(\d+) indexed, (\d+) skipped, 0 failed/.exec(stdout) ?? [];
    expect(Number(skipped)).toBeGreaterThan(0);
    expect(Number(indexed) + Number(skipped)).toBe(count);
    expect((await index()).stdout).toContain(`0 indexed, ${count} skipped`);
  });
});

describe('125 photographs', () => {
  it.skipIf(!existsSync(photos))('index without a failure', async () => {
    const { code, stdout } = await runScript('index', [photos], env);
    expect(code).toBe(0);
    expect(stdout).toContain('125 indexed, 0 skipped, 0 failed');
    expect(await pathsFor('a photo', '--top-k', '100')).toHaveLength(100);
  });
});

/** A BMP whose header promises 60,000 × 60,000 pixels, and brings none. */
function bombBmp(): Buffer {
  const file = Buffer.alloc(54);
  file.write('BM');
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(60_000, 18);
  file.writeInt32LE(60_000, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  return Buffer.concat([file, Buffer.from(noise(8, 8).data)]);
}
