import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { writeSmallModel } from '../test/support/small-model.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { readModelDirectory } from './model-directory.ts';

describe('readModelDirectory', () => {
  const temporaryDirectory = useTemporaryDirectories();

  async function small(manifest: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const directory = await temporaryDirectory();
    await writeSmallModel(directory, { manifest });
    return directory;
  }

  async function detailOf(directory: string): Promise<string> {
    const { code, detail } = expectFailure(await readModelDirectory(directory));
    expect(code).toBe('invalid_model');
    expect(detail).toMatch(/^Cannot load the model as .*; .*: .*$/);
    return detail;
  }

  it('reads the manifest and gives the paths of the files', async () => {
    const directory = await small();
    const model = expectOk(await readModelDirectory(directory));
    expect(model.manifest).toMatchObject({ id: 'small', dimensions: 3, contextLength: 8 });
    expect(model.manifest.padding).toEqual({ id: 0, rule: 'masked' });
    expect(model.tokenizer).toBe(path.join(directory, 'tokenizer.json'));
    expect(model.graphOf('text', 'fp32')).toBe(path.join(directory, 'text.onnx'));
    expect(model.graphOf('text', 'fp16')).toBe(path.join(directory, 'text.onnx'));
  });

  it('reads how scores are to be read, which makes it no other model', async () => {
    const bare = expectOk(await readModelDirectory(await small()));
    expect(bare.manifest.calibration).toBeUndefined();
    const calibration = { slope: 30, middle: 0.25 };
    const read = expectOk(await readModelDirectory(await small({ calibration })));
    expect(read.manifest.calibration).toEqual(calibration);
    expect(read.revision).toBe(bare.revision);
    const wrong = { calibration: { slope: 0, middle: 0.25 } };
    expect(await detailOf(await small(wrong))).toMatch(/field "calibration\.slope"/);
  });

  it('reads the built-in model', async () => {
    const demo = path.resolve(import.meta.dirname, '../models/demo');
    expect(expectOk(await readModelDirectory(demo)).manifest.id).toBe('demo');
  });

  it('says what to do when the directory or its model.json is missing', async () => {
    expect(await detailOf('/nowhere/at/all')).toMatch(
      /no readable model\.json .* MODEL_DIR .*: \/nowhere\/at\/all$/,
    );
    expect(await detailOf(await temporaryDirectory())).toMatch(/no readable model\.json/);
  });

  it('names the field of model.json that is wrong', async () => {
    expect(await detailOf(await small({ dimensions: 'many' }))).toMatch(/field "dimensions"/);
    expect(
      await detailOf(await small({ pixels: { size: 8, mean: [0, 0, 0], std: [1, 0, 1] } })),
    ).toMatch(/field "pixels.std" .*above 0/);
    const directory = await small();
    await writeFile(path.join(directory, 'model.json'), '{ "id": ');
    expect(await detailOf(directory)).toMatch(/model\.json$/);
  });

  it('finds a file that is missing or has another size', async () => {
    const missing = await small();
    await rm(path.join(missing, 'image.onnx'));
    expect(await detailOf(missing)).toMatch(/a file is missing.*image\.onnx$/);
    const cut = await small();
    await writeFile(path.join(cut, 'text.onnx'), 'cut off');
    expect(await detailOf(cut)).toMatch(/has 7 bytes in place of \d+.*text\.onnx$/);
  });

  it.each(['../text.onnx', '/etc/passwd', 'a/../../b', 'C:\\model', 'a\\..\\b', ''])(
    'refuses a file outside the directory: %j',
    async (outside) => {
      const file = { path: outside, bytes: 1, sha256: '0'.repeat(64) };
      const files = { text: file, image: file, tokenizer: file };
      expect(await detailOf(await small({ files }))).toMatch(/field "files\.text\.path"/);
    },
  );

  it('knows a tower in several precisions, of one revision', async () => {
    const directory = await small();
    const before = expectOk(await readModelDirectory(directory));
    const half = { ...before.manifest.files.text, path: 'tokenizer.json' };
    const bytes = before.manifest.files.tokenizer.bytes;
    await writeSmallModel(directory, {
      manifest: { variants: { fp16: { text: { ...half, bytes } } } },
    });
    const model = expectOk(await readModelDirectory(directory));
    expect(model.graphOf('text', 'fp16')).toBe(path.join(directory, 'tokenizer.json'));
    expect(model.graphOf('image', 'fp16')).toBe(path.join(directory, 'image.onnx'));
    expect(model.graphOf('text', 'int8')).toBe(path.join(directory, 'text.onnx'));
    expect(model.revision).toBe(before.revision);
    await writeSmallModel(directory, {
      manifest: { variants: { fp16: { text: { ...half, path: 'half.onnx' } } } },
    });
    expect(await detailOf(directory)).toMatch(/a file is missing.*half\.onnx$/);
  });

  it('checks files that the graphs load themselves', async () => {
    const directory = await small();
    const { files } = expectOk(await readModelDirectory(directory)).manifest;
    const weights = { path: 'weights/text.bin', bytes: 5, sha256: '0'.repeat(64) };
    await writeSmallModel(directory, { manifest: { files: { ...files, weights } } });
    expect(await detailOf(directory)).toMatch(/a file is missing.*weights/);
  });
});
