import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Failure } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { EncodedImage, Encoder } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import { describeEncoder } from '../test/contracts/encoder.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { colours, encodeImage, noise, pngOf } from '../test/support/images.ts';
import { similarity } from '../test/support/similarity.ts';
import {
  logOfColour,
  type SmallModelParts,
  sumOfTokens,
  writeSmallModel,
} from '../test/support/small-model.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createOnnxEncoder } from './onnx-encoder.ts';

const demo = path.resolve(import.meta.dirname, '../models/demo');
const photos = path.resolve(import.meta.dirname, '../../shared/data/photos/images');

describeEncoder('The demo model on ONNX Runtime', async () =>
  expectOk(await createOnnxEncoder({ directory: demo })),
);

describe('createOnnxEncoder', () => {
  const temporaryDirectory = useTemporaryDirectories();

  async function openSmall(parts: Partial<SmallModelParts> = {}): Promise<Encoder> {
    const directory = await temporaryDirectory();
    await writeSmallModel(directory, parts);
    const encoder = expectOk(await createOnnxEncoder({ directory, threads: 1 }));
    onTestFinished(() => encoder.close());
    return encoder;
  }

  async function failureOf(parts: Partial<SmallModelParts>): Promise<string> {
    const directory = await temporaryDirectory();
    await writeSmallModel(directory, parts);
    const { code, detail } = expectFailure(await createOnnxEncoder({ directory }));
    expect(code).toBe('invalid_model');
    return detail;
  }

  async function vectorsOf(encoder: Encoder, texts: readonly string[]): Promise<Float32Array[]> {
    return expectOk(await encoder.encodeTexts(texts)).map(({ vector }) => vector);
  }

  function vectorOf(result: Result<EncodedImage, Failure> | undefined): Vector | undefined {
    return result?.ok ? result.value.vector : undefined;
  }

  const mixed = ['red dog', 'cat', 'green cat dog', 'blue cat', 'dog'];

  it('tells how its scores are read, where model.json does', async () => {
    const calibration = { slope: 20, middle: 0.3 };
    const calibrated = await openSmall({ manifest: { calibration } });
    expect(calibrated.model.calibration).toEqual(calibration);
    expect((await openSmall()).model.calibration).toBeUndefined();
  });

  it('never pads a text for a graph without a mask', async () => {
    const encoder = await openSmall();
    const together = await vectorsOf(encoder, mixed);
    for (const [place, text] of mixed.entries()) {
      const [alone] = await vectorsOf(encoder, [text]);
      expect(similarity(alone, together[place])).toBeGreaterThan(0.99999);
    }
  });

  it('takes int32 ids, and an output of any name', async () => {
    const narrow = await openSmall({ text: sumOfTokens({ integer: 'int32', output: 'out' }) });
    expect(await vectorsOf(narrow, mixed)).toEqual(await vectorsOf(await openSmall(), mixed));
  });

  it('pads to the length and batch that a graph was exported with', async () => {
    const fixed = await openSmall({ text: sumOfTokens({ shape: [1, 5] }), image: logOfColour(1) });
    const [both, dog] = [
      await vectorsOf(fixed, ['red dog', 'dog']),
      await vectorsOf(fixed, ['dog']),
    ];
    expect(both[1]).toEqual(dog[0]);
    expect(expectOk(await fixed.encodeTexts(['red green blue dog']))[0]?.truncated).toBe(true);
    const bright = await pngOf([250, 240, 200]);
    const pictures = expectOk(await fixed.encodeImages([bright, bright, bright]));
    expect(pictures.map((one) => one.ok)).toEqual([true, true, true]);
    const four = await openSmall({ image: logOfColour(4, 'side') });
    const [first] = expectOk(await four.encodeImages([bright]));
    expect(similarity(vectorOf(first), vectorOf(pictures[0]))).toBeCloseTo(1, 5);
  });

  it('pads to the context length where the model was trained so', async () => {
    const padding = { id: 6, rule: 'read' };
    const padded = await openSmall({ manifest: { padding, contextLength: 5 } });
    const [short] = await vectorsOf(padded, ['red']);
    const [long] = await vectorsOf(await openSmall(), ['red']);
    expect(similarity(short, long)).toBeLessThan(0.999);
  });

  it('lets a picture fail alone for which the model gives no number', async () => {
    const encoder = await openSmall();
    const [bright, dark] = [await pngOf([250, 240, 200]), await pngOf(colours.black)];
    const results = expectOk(await encoder.encodeImages([bright, dark, bright]));
    const codes = results.map((one) => (one.ok ? 'ok' : one.error.code));
    expect(codes).toEqual(['ok', 'image_corrupt', 'ok']);
    expect(similarity(vectorOf(results[0]), vectorOf(results[2]))).toBeCloseTo(1, 5);
  });

  it('answers overloaded when too many texts wait, and works on afterwards', async () => {
    const encoder = await openSmall();
    const results = await Promise.all(
      Array.from({ length: 400 }, () => encoder.encodeTexts(['dog'])),
    );
    const codes = new Set(results.map((one) => (one.ok ? 'ok' : one.error.code)));
    expect(codes).toEqual(new Set(['ok', 'overloaded']));
    expectOk(await encoder.encodeTexts(['dog']));
  });

  it('stops between two runs when the request is cancelled', async () => {
    const encoder = expectOk(await createOnnxEncoder({ directory: demo }));
    onTestFinished(() => encoder.close());
    const file = await encodeImage(noise(200, 200), 'png');
    const abort = new AbortController();
    const encoding = encoder.encodeImages(
      Array.from({ length: 500 }, () => file),
      abort.signal,
    );
    setTimeout(() => abort.abort(), 20);
    expect(expectFailure(await encoding).code).toBe('cancelled');
    expect(expectOk(await encoder.encodeImages([file]))[0]?.ok).toBe(true);
  });

  it('encodes a query while a bulk of pictures is under way', async () => {
    const encoder = expectOk(await createOnnxEncoder({ directory: demo }));
    onTestFinished(() => encoder.close());
    const file = await encodeImage(noise(300, 200), 'jpeg');
    let finished = false;
    const bulk = encoder.encodeImages(Array.from({ length: 200 }, () => file)).then((result) => {
      finished = true;
      return result;
    });
    for (const text of ['dog', 'red car', 'snow']) expectOk(await encoder.encodeTexts([text]));
    expect(finished).toBe(false);
    expect(expectOk(await bulk)).toHaveLength(200);
  });

  it('refuses a model whose graphs it cannot run, and says why', async () => {
    expect(await failureOf({ text: Buffer.from('not a graph') })).toMatch(
      /graph cannot be read.*text/,
    );
    expect(await failureOf({ image: Buffer.alloc(10) })).toMatch(/graph cannot be read.*image/);
    expect(await failureOf({ tokenizer: '{}' })).toMatch(/tokenizer cannot be read/);
    const position = { name: 'position', type: 'int64', shape: ['length'] } as const;
    expect(await failureOf({ text: sumOfTokens({ others: [position] }) })).toMatch(
      /text, position/,
    );
    expect(await failureOf({ text: logOfColour() })).toMatch(/other than|another type/);
    expect(await failureOf({ image: sumOfTokens() })).toMatch(/four dimensions/);
    expect(await failureOf({ image: logOfColour('batch', 16) })).toMatch(/picture size than 8/);
    expect(await failureOf({ manifest: { dimensions: 5 } })).toMatch(/5/);
  });

  it('says loudly that CUDA was asked for and does not run the model', async () => {
    const directory = await temporaryDirectory();
    await writeSmallModel(directory);
    const { code, detail } = expectFailure(await createOnnxEncoder({ directory, device: 'cuda' }));
    expect(code).toBe('encoder_unavailable');
    expect(detail).toMatch(/^Cannot encode on the GPU as CUDA does not run the model .*FORCE_CPU/);
  });

  it('goes on without a GPU that does not work, with an error in the log', async () => {
    const directory = await temporaryDirectory();
    await writeSmallModel(directory);
    const errors: string[] = [];
    const logger = { info: () => {}, error: (_: unknown, line: string) => void errors.push(line) };
    const open = async (gpu: boolean): Promise<Encoder> => {
      const encoder = expectOk(await createOnnxEncoder({ directory, gpu, logger }));
      onTestFinished(() => encoder.close());
      return encoder;
    };
    expect((await open(false)).model.device).toBe('cpu');
    expect(errors).toEqual([]);
    const encoder = await open(true);
    expect(encoder.model.device).toBe('cpu');
    expect(errors).toEqual([expect.stringMatching(/CUDA does not run .* WITHOUT the GPU/)]);
    expectOk(await encoder.encodeTexts(['dog']));
  });

  it('refuses a precision that the model does not have', async () => {
    const directory = await temporaryDirectory();
    await writeSmallModel(directory);
    const failed = expectFailure(await createOnnxEncoder({ directory, precision: 'int8' }));
    expect(failed).toMatchObject({ code: 'invalid_model' });
    expect(failed.detail).toMatch(
      /no int8 files \(npm run models -- pull small --precision int8\)/,
    );
  });

  it('refuses a model that has no files', async () => {
    const directory = await temporaryDirectory();
    await writeFile(path.join(directory, 'text.onnx'), '');
    const failed = expectFailure(await createOnnxEncoder({ directory }));
    expect(failed).toMatchObject({ code: 'invalid_model' });
  });

  it.skipIf(!existsSync(photos))('encodes all photographs (../shared/data/photos)', async () => {
    const encoder = expectOk(await createOnnxEncoder({ directory: demo }));
    onTestFinished(() => encoder.close());
    const names = (await readdir(photos)).filter((name) => name.endsWith('.jpg'));
    const files = await Promise.all(names.map((name) => readFile(path.join(photos, name))));
    const results = expectOk(await encoder.encodeImages(files));
    expect(results.filter((one) => one.ok)).toHaveLength(125);
  });
});
