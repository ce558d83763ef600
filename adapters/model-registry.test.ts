import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { ModelManifest, readModelDirectory } from './model-directory.ts';
import { ensureModel, findModel } from './model-pull-ensure.ts';
import { composeManifest } from './model-pull-state.ts';
import { registeredModels } from './model-registry.ts';

describe('the registry', () => {
  it('has the models that the settings name, each once', () => {
    const ids = registeredModels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining(['demo', 'ViT-B-32/openai', 'ViT-H-14/laion2b_s32b_b79k']),
    );
  });

  it.each(registeredModels.map((model) => [model.id, model] as const))(
    'has an entry for %s that makes a model.json',
    (_, model) => {
      if ('directory' in model.from) return;
      const { files, variants } = model.from;
      const precisions = (['fp16', 'int8'] as const).filter((one) => variants?.[one]);
      const paths = [files, ...Object.values(variants ?? {})].flatMap(Object.values<string>);
      const file = (path: string) => ({ path, bytes: 1, sha256: '0'.repeat(64) });
      const pulled = new Map(
        [...paths, 'onnx/b_data', 'onnx/a_data'].map((path) => [path, file(path)]),
      );
      const manifest = composeManifest(model, model.from, pulled, precisions);
      expect(ModelManifest.parse(manifest)).toEqual(manifest);
      expect(Object.keys(manifest.files)).toEqual([
        'text',
        'image',
        'tokenizer',
        'onnx/a_data',
        'onnx/b_data',
      ]);
      expect(Object.keys(manifest.variants)).toEqual(precisions);
    },
  );

  it('says of the built-in model what its own model.json says', async () => {
    const model = expectOk(findModel('demo'));
    const directory = expectOk(
      await ensureModel({
        id: 'demo',
        dataDir: 'nowhere',
        lockPath: 'nowhere',
        endpoint: 'http://nowhere.invalid',
      }),
    );
    const { manifest } = expectOk(await readModelDirectory(directory));
    const { id, dimensions, contextLength, pixels, padding, pooling } = model;
    expect(manifest).toMatchObject({ id, dimensions, contextLength, pixels, padding, pooling });
  });

  it('takes the files that H-14 keeps its weights in, and no settings or other runtimes', () => {
    const { from } = expectOk(findModel('ViT-H-14/laion2b_s32b_b79k'));
    const isWeights = (path: string) => 'weights' in from && from.weights?.test(path) === true;
    const taken = [
      'visual/onnx__MatMul_7101',
      'visual/visual.conv1.weight',
      'visual/model.onnx_data',
    ];
    expect(taken.filter(isWeights)).toEqual(taken);
    const left = [
      'visual/model.armnn',
      'visual/preprocess_cfg.json',
      'textual/merges.txt',
      'config',
    ];
    expect(left.filter(isWeights)).toEqual([]);
  });

  it('names the known models when it is asked for another', () => {
    const { code, detail } = expectFailure(findModel('ViT-L-14/openai'));
    expect(code).toBe('invalid_field');
    for (const { id } of registeredModels) expect(detail).toContain(id);
    expect(detail).toContain('MODEL_DIR');
  });
});
