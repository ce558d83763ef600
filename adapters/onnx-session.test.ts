import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { onnxFile } from '../test/support/onnx-graph.ts';
import { logOfColour, writeSmallModel } from '../test/support/small-model.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { type Feed, type OnnxSession, openOnnxSession } from './onnx-session.ts';

/** One matrix product. */
function product(): Buffer {
  return onnxFile({
    inputs: [{ name: 'pixels', type: 'float32', shape: ['rows', 3] }],
    outputs: [{ name: 'product', type: 'float32', shape: ['rows', 2] }],
    constants: [{ name: 'matrix', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    nodes: [{ op: 'MatMul', inputs: ['pixels', 'matrix'], output: 'product' }],
  });
}

describe('openOnnxSession', () => {
  const temporaryDirectory = useTemporaryDirectories();

  async function open(mustRunOn?: string): Promise<OnnxSession> {
    const file = path.join(await temporaryDirectory(), 'graph.onnx');
    await writeFile(file, mustRunOn === undefined ? logOfColour('batch', 2) : product());
    const start = { path: file, options: {}, ...(mustRunOn === undefined ? {} : { mustRunOn }) };
    const session = expectOk(await openOnnxSession(start));
    onTestFinished(() => session.close());
    return session;
  }

  const pixels = (value: number, side = 2): Feed => ({
    name: 'pixels',
    type: 'float32',
    data: new Float32Array(3 * side * side).fill(value),
    shape: [1, 3, side, side],
  });

  it('tells the inputs and outputs of the graph, and runs it', async () => {
    const session = await open();
    expect(session.inputs).toEqual([
      { name: 'pixels', type: 'float32', shape: ['batch', 3, 2, 2] },
    ]);
    expect(session.outputs).toEqual([{ name: 'embeds', type: 'float32', shape: ['batch', 3] }]);
    const { data, shape } = expectOk(await session.run([pixels(Math.E)], 'embeds'));
    expect(shape).toEqual([1, 3]);
    for (const value of data) expect(value).toBeCloseTo(1, 6);
  });

  it('gives each of many runs at once its own answer', async () => {
    const session = await open();
    const numbers = Array.from({ length: 50 }, (_, place) => place + 1);
    const runs = await Promise.all(numbers.map((one) => session.run([pixels(one)], 'embeds')));
    for (const [place, run] of runs.entries()) {
      expect(expectOk(run).data[0]).toBeCloseTo(Math.log(place + 1), 5);
    }
  });

  it('survives a run that the graph refuses', async () => {
    const session = await open();
    const failed = expectFailure(await session.run([pixels(1, 3)], 'embeds'));
    expect(failed.code).toBe('encoder_unavailable');
    expect(String(failed.cause)).toMatch(/invalid dimensions/);
    expect(expectFailure(await session.run([pixels(1)], 'other')).code).toBe('encoder_unavailable');
    expectOk(await session.run([pixels(1)], 'embeds'));
  });

  it('fails its first run when another execution provider ran the graph', async () => {
    const run = async (session: OnnxSession) =>
      session.run([{ ...pixels(2), shape: [4, 3] }], 'product');
    const proven = await open('CPUExecutionProvider');
    expectOk(await run(proven));
    expectOk(await run(proven));
    const elsewhere = await open('CUDAExecutionProvider');
    const failed = expectFailure(await run(elsewhere));
    expect(String(failed.cause)).toMatch(/does not run on CUDA.*: CPUExecutionProvider 1/);
  });

  it('finishes the run under way when it is closed, and no other', async () => {
    const session = await open();
    const runs = Array.from({ length: 20 }, () => session.run([pixels(1)], 'embeds'));
    await setImmediate();
    await session.close();
    const results = await Promise.all(runs);
    expect(results[0]?.ok).toBe(true);
    expect(results.at(-1)).toMatchObject({ ok: false, error: { code: 'encoder_unavailable' } });
    await session.close();
  });

  it.each([
    ['ends by itself when nobody closes it', ''],
    [
      'may be left in the middle of a run',
      'encoder.encodeImages(many); setTimeout(() => process.exit(0), 50);',
    ],
  ])('%s', async (_, ending) => {
    const directory = await temporaryDirectory();
    await writeSmallModel(directory);
    const script = `
      import { createOnnxEncoder } from ${JSON.stringify(path.resolve(import.meta.dirname, 'onnx-encoder.ts'))};
      const { value: encoder } = await createOnnxEncoder({ directory: ${JSON.stringify(directory)} });
      const { ok } = await encoder.encodeTexts(['red dog']);
      const many = Array.from({ length: 500 }, () => Buffer.from('GIF89a'));
      console.log(ok);
      ${ending}`;
    const options = ['--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, options, { timeout: 30_000 });
    expect(stdout.trim()).toBe('true');
  });
});
