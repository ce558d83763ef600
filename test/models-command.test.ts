import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { registeredModels } from '../adapters/model-registry.ts';
import { createModelServer, type ModelServer } from './support/model-server.ts';
import { runScript, startScript } from './support/processes.ts';
import { logOfColour, smallTokenizer, sumOfTokens } from './support/small-model.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const newDirectory = useTemporaryDirectories();
const id = 'ViT-B-32/openai';
const image = 'onnx/vision_model.onnx';
let hub: ModelServer;
let env: Record<string, string>;
let directory: string;

/** The hub has small files under the names of the real ones, and the lock knows neither. */
beforeEach(async () => {
  hub = await createModelServer({
    repository: 'Xenova/clip-vit-base-patch32',
    commit: 'd15189d7028b43f1d3e65039190477f6af591c2a',
    files: {
      'tokenizer.json': Buffer.from(JSON.stringify(smallTokenizer)),
      'onnx/text_model.onnx': sumOfTokens(),
      'onnx/text_model_fp16.onnx': sumOfTokens(),
      [image]: logOfColour(),
      'onnx/vision_model_fp16.onnx': logOfColour(),
    },
  });
  const DATA_DIR = await newDirectory();
  directory = join(DATA_DIR, 'models', id);
  env = { DATA_DIR, HF_ENDPOINT: hub.endpoint, MODELS_LOCK: join(DATA_DIR, 'lock.json') };
});
afterEach(() => hub.close());

const run = (...args: string[]) => runScript('models', args, env);

describe('npm run models', () => {
  it('lists every model with what one chooses by, and whether it is here', async () => {
    await run('pull', id);
    const { code, stdout } = await run('list');
    expect(code).toBe(0);
    for (const model of registeredModels) {
      const line = stdout.split('\n').find((one) => one.startsWith(model.id)) ?? '';
      expect(line).toContain(String(model.dimensions));
      expect(line).toContain(model.licence);
      expect(line).toContain(model.quality.recallAt1.toFixed(3));
      expect(line.includes(directory)).toBe(model.id === id);
    }
  });

  it('pulls a model, and tells the second time that it is there', async () => {
    const first = await run('pull', id);
    expect(first).toMatchObject({ code: 0, stdout: `${id} is ready: ${directory}\n` });
    expect(first.stderr).toMatch(/^Pulling ViT-B-32\/openai (.+)\/\1, .+\/s$/m);
    hub.requests.length = 0;
    const second = await run('pull', id);
    expect(second).toMatchObject({ code: 0, stdout: `${id} is there already: ${directory}\n` });
    expect(hub.requests).toEqual([]);
    expect(await run('verify', id)).toMatchObject({ code: 0, stderr: '' });
  });

  it('pulls the precision that is asked for besides', async () => {
    expect(await run('pull', id, '--precision', 'fp16')).toMatchObject({ code: 0 });
    expect(await readdir(join(directory, 'onnx'))).toHaveLength(4);
  });

  it('goes on after a kill with the bytes that are missing, and until then has no model', async () => {
    const content = hub.files.get(image) ?? Buffer.of();
    const half = Math.floor(content.length / 2);
    hub.misbehave(image, { kind: 'hang', after: half }, 1);
    const killed = startScript('models', ['pull', id], env);
    await expect
      .poll(() => readFile(join(`${directory}.partial`, image)).catch(() => Buffer.of()), {
        timeout: 30_000,
      })
      .toHaveLength(half);
    killed.process.kill('SIGKILL');
    expect((await killed.finished).code).toBeNull();
    expect(await readdir(join(directory, '..'))).not.toContain('openai');
    expect((await run('verify', id)).code).toBe(1);
    hub.requests.length = 0;
    expect(await run('pull', id)).toMatchObject({ code: 0 });
    const again = hub.requests.filter(({ path }) => path.endsWith(image));
    expect(again.map(({ range }) => range)).toEqual([`bytes=${half}-`]);
    expect(await readFile(join(directory, image))).toEqual(content);
    expect(await readdir(join(directory, '..'))).toEqual(['openai']);
  });

  it('says what is damaged, and a pull mends it', async () => {
    await run('pull', id);
    const path = join(directory, image);
    const content = await readFile(path);
    await writeFile(
      path,
      content.map((byte) => byte ^ 1),
    );
    const { code, stderr } = await run('verify', id);
    expect(code).toBe(1);
    expect(stderr).toContain(`${image} has the hash`);
    expect(stderr).toContain('delete the files that are named and pull it again');
    await rm(path);
    expect(await run('pull', id)).toMatchObject({ code: 0 });
    expect(await readFile(path)).toEqual(content);
  });

  it('stops at Ctrl+C and says how to go on', async () => {
    hub.misbehave(image, { kind: 'hang', after: 10 });
    const script = startScript('models', ['pull', id], env);
    await expect
      .poll(() => hub.requests.some(({ path }) => path.endsWith(image)), { timeout: 30_000 })
      .toBe(true);
    script.process.kill('SIGINT');
    expect(await script.finished).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('the same command goes on') as unknown,
    });
  });

  it('has nothing to pull of the built-in model, and verifies it', async () => {
    expect(await run('pull', 'demo')).toMatchObject({ code: 0 });
    expect(await run('verify', 'demo')).toMatchObject({ code: 0 });
    expect(hub.requests).toEqual([]);
  });

  it.each([
    [['pull', 'ViT-L-14/openai'], 'it is none of demo, ViT-B-32/openai'],
    [['verify', id], 'it is not here; npm run models -- pull'],
    [['pull', id, '--precision', 'int4'], '--precision must be one of fp32, fp16, int8'],
    [['fetch'], 'it must be one of list, pull <id>, verify <id>'],
    [['pull', id, '--fast'], '--help shows the options'],
  ])('says in a sentence what is wrong with %j', async (args, words) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('says in a sentence that the hub has no such file', async () => {
    hub.misbehave(image, { kind: 'status', status: 404 });
    const { code, stderr } = await run('pull', id);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot pull the model as the hub does not have it \(404\): http.+$/m);
  });

  it('names a setting that is not valid', async () => {
    const { code, stderr } = await runScript('models', ['list'], { ...env, HF_ENDPOINT: 'hub' });
    expect(code).toBe(1);
    expect(stderr).toContain('HF_ENDPOINT');
  });

  it('explains itself', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('npm run models -- pull <id>') as unknown,
    });
  });
});
