import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { colours, pngOf } from './support/images.ts';
import { runScript, startScript } from './support/processes.ts';
import { projectedColour, writeSmallModel } from './support/small-model.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const createDirectory = useTemporaryDirectories();
let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await createDirectory();
  env = { DATA_DIR: await createDirectory() };
});

async function put(name: string, content: Uint8Array | string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  await writeFile(path.join(folder, name), content);
}

async function smallModel(): Promise<string> {
  const directory = await createDirectory();
  await writeSmallModel(directory, { image: projectedColour(3) });
  return directory;
}

async function found(settings = env): Promise<number> {
  const { code, stdout, stderr } = await runScript('search', ['red', '--json'], settings);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout).total;
}

describe('the reindex command', { timeout: 600_000 }, () => {
  it('moves the index to another model, and names what it has to leave out', async () => {
    for (const [name, colour] of Object.entries(colours)) {
      await put(`${name}.png`, await pngOf(colour));
    }
    expect((await runScript('index', [folder], env)).code).toBe(0);
    await put('blue.png', 'no picture any more');
    await rm(path.join(folder, 'green.png'));
    const other = { ...env, MODEL_DIR: await smallModel() };
    const refused = await runScript('search', ['red'], other);
    expect(refused.stderr).toContain('another model made it');
    const { code, stdout, stderr } = await runScript('reindex', [], other);
    expect(stderr).toContain('Putting it in the place of the old index');
    expect(code).toBe(0);
    expect(stdout).toContain('Reindexed with small in place of demo: 4 put in, 2 left out.');
    expect(stdout).toContain('  green.png: Cannot read the file as it does not exist: green.png');
    expect(stdout).toContain('  blue.png: Cannot ');
    expect(stdout).not.toContain('Set, ');
    expect(await found(other)).toBe(4);
    const again = await runScript('reindex', [], other);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('Nothing to do: the index was made by small');
    const back = await runScript('reindex', ['--model', 'demo'], other);
    expect(back.stdout).toContain('Reindexed with demo in place of small: 4 put in.');
    expect(back.stdout).toContain('CLIP_MODEL_NAME=demo\n  MODEL_DIR=\n');
    expect(await found()).toBe(4);
  });

  it('builds the index anew with the same model', async () => {
    await put('red.png', await pngOf(colours.red));
    await runScript('index', [folder], env);
    await rm(path.join(folder, 'red.png'));
    const settings = { ...env, QDRANT_HNSW_M: '8' };
    const { code, stdout } = await runScript('reindex', ['--same-model'], settings);
    expect(code).toBe(0);
    expect(stdout).toContain('Reindexed with demo: 1 put in.');
    expect(await found()).toBe(1);
  });

  it('goes on where it was interrupted', async () => {
    const count = 150;
    for (let n = 0; n < count; n += 1) {
      await put(`${n}.png`, await pngOf([n % 256, (n * 7) % 256, (n * 31) % 256], 300, 300));
    }
    await runScript('index', [folder], env);
    const other = { ...env, MODEL_DIR: await smallModel() };
    const options = ['--batch-size', '8'];
    const first = startScript('reindex', options, other);
    await first.waitFor(/Encoding|\d+\/s/);
    first.process.kill('SIGINT');
    const { code, stderr } = await first.finished;
    expect(code).toBe(130);
    expect(stderr).toContain('Interrupted: the same command goes on from here.');
    expect(await found()).toBe(10);
    const { stdout } = await runScript('reindex', options, other);
    const [, added] = /small in place of demo: (\d+) put in\./.exec(stdout) ?? [];
    expect(Number(added)).toBeLessThan(count);
    const stats = await runScript('search', ['red', '--json', '--top-k', '100'], other);
    expect(JSON.parse(stats.stdout).total).toBe(100);
  });

  it('does not take a disk that is not connected for pictures that are gone', async () => {
    await put('red.png', await pngOf(colours.red));
    await runScript('index', [folder], env);
    await rm(folder, { recursive: true });
    const other = { ...env, MODEL_DIR: await smallModel() };
    const { code, stderr } = await runScript('reindex', [], other);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `take its pictures out with npm run index -- <folder> --remove): ${folder}`,
    );
    expect(await found()).toBe(1);
  });

  it('keeps no model that is another', async () => {
    await put('red.png', await pngOf(colours.red));
    await runScript('index', [folder], env);
    const other = { ...env, MODEL_DIR: await smallModel() };
    const { code, stderr } = await runScript('reindex', ['--same-model'], other);
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot keep the model as the settings ask for another one');
  });

  it.each([
    [[], 'there is none of this name (npm run index makes one): images'],
    [['--model', 'a/b/c'], '--model must be the id of a model (npm run models -- list): a/b/c'],
    [['--model', 'demo', '--same-model'], '--model and --same-model exclude each other'],
    [['--batch-size', 'x'], '--batch-size must be a whole number from 1 to 4096: x'],
    [['--nope'], "Unknown option '--nope'"],
  ])('explains what is wrong with %j', async (args, sentence) => {
    const { code, stderr } = await runScript('reindex', args, env);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('    at ');
  });

  it('has help', async () => {
    const { code, stdout } = await runScript('reindex', ['--help'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('npm run reindex');
  });
});
