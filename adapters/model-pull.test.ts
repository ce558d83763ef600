import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { basicFiles, hubModel } from '../test/support/hub-model.ts';
import { pngOf } from '../test/support/images.ts';
import { usePullBench } from '../test/support/pull-bench.ts';
import { readModelDirectory } from './model-directory.ts';
import { createOnnxEncoder } from './onnx-encoder.ts';

const bench = usePullBench();

describe('a pull', () => {
  it('needs no more than one entry to bring a model that encodes', async () => {
    const path = expectOk(await bench.ensure());
    const encoder = expectOk(await createOnnxEncoder({ directory: path, device: 'cpu' }));
    const texts = expectOk(await encoder.encodeTexts(['a red dog']));
    const images = expectOk(await encoder.encodeImages([await pngOf([255, 200, 230])]));
    expect(texts[0]?.vector).toHaveLength(hubModel.dimensions);
    expect(images[0]?.ok).toBe(true);
    await encoder.close();
  });

  it('brings every file that belongs to the model, external weights too, and no other', async () => {
    expectOk(await bench.ensure());
    const onDisk = (await readdir(bench.directory, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(bench.directory.length + 1));
    expect(onDisk.toSorted()).toEqual(['model.json', ...basicFiles]);
    for (const file of basicFiles) {
      expect(await readFile(join(bench.directory, file))).toEqual(bench.hub.files.get(file));
    }
    expect(await readdir(join(bench.dataDir, 'models/Small'))).toEqual(['test']);
  });

  it('asks the network nothing when the model is there', async () => {
    expectOk(await bench.ensure());
    bench.hub.requests.length = 0;
    expect(expectOk(await bench.ensure())).toBe(bench.directory);
    expect(bench.hub.requests).toEqual([]);
  });

  it('adds another precision to a model that is there, and fetches only that', async () => {
    expectOk(await bench.ensure());
    bench.hub.requests.length = 0;
    expectOk(await bench.ensure({ precisions: ['fp16', 'int8'] }));
    expect(bench.pathsOfFiles()).toEqual(
      expect.arrayContaining([
        'textual/text_fp16.onnx',
        'textual/text_fp16.onnx_data',
        'visual/image_fp16.onnx',
      ]),
    );
    expect(bench.pathsOfFiles()).toHaveLength(3);
    const { manifest } = expectOk(await readModelDirectory(bench.directory));
    expect(manifest.variants.fp16?.text?.path).toBe('textual/text_fp16.onnx');
    expect(expectOk(await bench.verify())).toMatchObject({ files: 9, problems: [] });
  });

  it('tells how far it is, up to the last byte', async () => {
    const seen: { bytes: number; totalBytes: number }[] = [];
    expectOk(await bench.ensure({ onProgress: (progress) => seen.push(progress) }));
    const total = basicFiles.reduce(
      (sum, file) => sum + (bench.hub.files.get(file)?.length ?? 0),
      0,
    );
    expect(seen.at(-1)).toEqual({ bytes: total, totalBytes: total });
  });

  it('corrects what is said of a model that is there when the registry was corrected', async () => {
    expectOk(await bench.ensure());
    bench.hub.requests.length = 0;
    const corrected = { ...hubModel, padding: { id: 1, rule: 'read' } } as const;
    expectOk(await bench.ensure({ models: [corrected] }));
    expect(expectOk(await readModelDirectory(bench.directory)).manifest.padding).toEqual(
      corrected.padding,
    );
    expect(bench.hub.requests).toEqual([]);
  });

  it('is done once when two want the same model at the same time', async () => {
    const both = await Promise.all([bench.ensure(), bench.ensure()]);
    expect(both.map(expectOk)).toEqual([bench.directory, bench.directory]);
    expect(bench.pathsOfFiles()).toHaveLength(basicFiles.length);
  });

  it('takes over from a process that was killed in its turn', async () => {
    await mkdir(join(bench.dataDir, 'models/Small'), { recursive: true });
    const turn = `${bench.directory}.pulling`;
    await writeFile(turn, '999999999 gone');
    await bench.expectGoodPull();
    expect(existsSync(turn)).toBe(false);
  });

  it('ends when it is cancelled', async () => {
    bench.hub.misbehave('visual/layer1', { kind: 'hang', after: 10 });
    const signal = AbortSignal.timeout(200);
    expect(expectFailure(await bench.ensure({ signal })).code).toBe('timeout');
    expectFailure(await readModelDirectory(bench.directory));
    await bench.expectGoodPull();
  });
});

describe('a full disk', () => {
  it('is seen before anything is fetched', async () => {
    const { detail } = expectFailure(await bench.ensure({ freeBytes: async () => 5000 }));
    expect(detail).toContain('the disk has 5.0 kB left and');
    expect(bench.pathsOfFiles()).toEqual([]);
    expectFailure(await readModelDirectory(bench.directory));
    await bench.expectGoodPull();
  });

  it.runIf(existsSync('/dev/full'))('is one sentence in the middle of a pull', async () => {
    const partial = join(`${bench.directory}.partial`, 'visual/layer1');
    await mkdir(join(partial, '..'), { recursive: true });
    await symlink('/dev/full', partial);
    const { code, detail } = expectFailure(await bench.ensure());
    expect(code).toBe('model_unavailable');
    expect(detail).toContain('Cannot pull the model as the disk is full; make room');
    expectFailure(await readModelDirectory(bench.directory));
    await rm(partial);
    await bench.expectGoodPull();
  });
});
