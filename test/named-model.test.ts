import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createModelServer, type ModelServer } from './support/model-server.ts';
import { runScript, startProcess, startScript } from './support/processes.ts';
import { projectedColour, smallTokenizer, sumOfTokens } from './support/small-model.ts';
import { post } from './support/search-app.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const newDirectory = useTemporaryDirectories();
let hub: ModelServer;
let env: Record<string, string>;

/** A hub that has a small model under the names of a real one. */
beforeEach(async () => {
  const text = sumOfTokens({ dimensions: 512 });
  hub = await createModelServer({
    repository: 'Xenova/clip-vit-base-patch32',
    commit: 'd15189d7028b43f1d3e65039190477f6af591c2a',
    files: {
      'tokenizer.json': Buffer.from(JSON.stringify(smallTokenizer)),
      'onnx/text_model.onnx': text,
      'onnx/text_model_quantized.onnx': text,
      'onnx/vision_model.onnx': projectedColour(512),
      'onnx/vision_model_quantized.onnx': projectedColour(512),
    },
  });
  const DATA_DIR = await newDirectory();
  env = {
    DATA_DIR,
    HF_ENDPOINT: hub.endpoint,
    MODELS_LOCK: join(DATA_DIR, 'lock.json'),
    CLIP_MODEL_NAME: 'ViT-B-32',
    CLIP_PRETRAINED: 'openai',
    API_HOST: '127.0.0.1',
    API_PORT: '0',
    LOG_LEVEL: 'info',
  };
});
afterEach(() => hub.close());

const index = (more: Readonly<Record<string, string>> = {}) =>
  runScript('index', ['test/fixtures/pictures'], { ...env, ...more });

describe('A model that is named', () => {
  it('is pulled by the first command that needs it, and served by the next', async () => {
    expect(await index()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Pulling ViT-B-32/),
    });
    const pulled = hub.requests.length;
    const serve = startScript('serve', [], env);
    const [, port] = await serve.waitFor(/Ready: http:\/\/localhost:(\d+)/);
    const response = await fetch(`http://127.0.0.1:${port}/search`, post({ query: 'red dog' }));
    expect(await response.json()).toMatchObject({ model: 'ViT-B-32/openai', total: 3 });
    const health = await (await fetch(`http://127.0.0.1:${port}/health`)).json();
    expect(health).toMatchObject({ model: 'ViT-B-32/openai', device: 'cpu', clip_loaded: true });
    expect(serve.output()).toMatch(/"device":"cpu".*The encoder is warm/);
    expect(hub.requests).toHaveLength(pulled);
    serve.process.kill('SIGTERM');
    expect((await serve.finished).code).toBe(0);
  });

  it('comes in the precision that is asked for', async () => {
    const { code } = await index({ ENCODER_PRECISION: 'int8' });
    expect(code).toBe(0);
    const paths = hub.requests.map(({ path }) => path);
    expect(paths.some((path) => path.endsWith('text_model_quantized.onnx'))).toBe(true);
    const { code: refused, stderr } = await index({ ENCODER_PRECISION: 'fp16' });
    expect(refused).toBe(1);
    expect(stderr).toMatch(/Cannot pull the model .*text_model_fp16\.onnx/);
  });

  it('is refused where the index is another one’s, with the way out', async () => {
    const { CLIP_MODEL_NAME: _, CLIP_PRETRAINED: __, ...unnamed } = env;
    expect(await runScript('index', ['test/fixtures/pictures'], unnamed)).toMatchObject({
      code: 0,
    });
    const { code, stderr } = await index();
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot open the index as .*\bdemo\b.*ViT-B-32\/openai/);
    expect(stderr).toMatch(/DATA_DIR|QDRANT_COLLECTION/);
  });

  it('must be what the environment says of it', async () => {
    const wrong = await index({ CLIP_VECTOR_DIM: '1024' });
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('CLIP_VECTOR_DIM is 1024'),
    });
    const other = await index({ MODEL_DIR: 'models/demo' });
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ask for ViT-B-32\/openai.*demo/),
    });
    const half = await index({ CLIP_MODEL_NAME: '' });
    expect(half).toMatchObject({ code: 1, stderr: expect.stringContaining('CLIP_MODEL_NAME') });
    const unknown = await index({ CLIP_MODEL_NAME: 'ViT-X' });
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/none of demo, .*ViT-X/),
    });
  });

  it('may run in another process, and index over HTTP', async () => {
    const gpu = startProcess('gpu-service/main.ts', [], {
      DATA_DIR: await newDirectory(),
      API_HOST: '127.0.0.1',
      API_PORT: '0',
    });
    const [line] = await gpu.waitFor(/.*Ready to search.*\n/);
    const { port } = JSON.parse(line) as { port: number };
    const ENCODER_URL = `http://127.0.0.1:${port}`;
    const unnamed = { DATA_DIR: env['DATA_DIR'] ?? '', ENCODER_URL };
    expect(await runScript('index', ['test/fixtures/pictures'], unnamed)).toMatchObject({
      code: 0,
    });
    const { stdout } = await runScript('search', ['red', '--json'], unnamed);
    expect(JSON.parse(stdout)).toMatchObject({ model: 'demo', total: 3 });
    gpu.process.kill('SIGTERM');
    expect((await gpu.finished).code).toBe(0);
  });
});
