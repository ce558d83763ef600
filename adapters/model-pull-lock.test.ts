import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { basicFiles, hubCommit, hubModel } from '../test/support/hub-model.ts';
import { sha256Of } from '../test/support/model-server.ts';
import { usePullBench } from '../test/support/pull-bench.ts';
import { readModelDirectory } from './model-directory.ts';
import { ModelLock } from './model-pull-lock.ts';
import { registeredModels } from './model-registry.ts';

const bench = usePullBench();

async function readRecord(path = bench.lockPath, id: string = hubModel.id) {
  const lock = ModelLock.parse(JSON.parse(await readFile(path, 'utf8')));
  return lock[id] ?? { repository: '', commit: '', files: {} };
}

describe('the lock file', () => {
  it('records commit and hashes in the lock file', async () => {
    expectOk(await bench.ensure());
    const { commit, files } = await readRecord();
    expect(commit).toBe(hubCommit);
    expect(Object.keys(files)).toEqual([...basicFiles]);
    const tokenizer = bench.hub.files.get('tokenizer.json') ?? Buffer.of();
    expect(files['tokenizer.json']).toEqual({
      bytes: tokenizer.length,
      sha256: sha256Of(tokenizer),
    });
  });

  it('decides which commit is pulled, whatever the branch is now', async () => {
    expectOk(await bench.ensure());
    await rm(bench.directory, { recursive: true });
    const later = 'f'.repeat(40);
    await bench.replaceHub(later);
    const { detail } = expectFailure(await bench.ensure());
    expect(detail).toContain('404');
    expect(bench.hub.requests.map(({ path }) => path).join()).not.toContain(later);
  });

  it.each([
    ['a large file', 'textual/text.onnx_data'],
    ['a small file', 'tokenizer.json'],
  ])('does not let the hub have other content for %s', async (_, path) => {
    expectOk(await bench.ensure());
    await rm(bench.directory, { recursive: true });
    const before = bench.hub.files.get(path) ?? Buffer.of();
    const now = Buffer.from(before.toString().replace(/.$/s, '#'));
    expect(now).toHaveLength(before.length);
    bench.hub.files.set(path, now);
    const { code, detail } = expectFailure(await bench.ensure());
    expect(code).toBe('invalid_model');
    expect(detail).toContain(`SHA-256 ${sha256Of(now)} in place of`);
    expect(detail).toContain(sha256Of(before));
    expect(detail).toContain(`take the model out of the lock file: ${path}`);
    expectFailure(await readModelDirectory(bench.directory));
    await rm(bench.lockPath);
    await bench.expectGoodPull();
  });

  it('that cannot be read stops the pull', async () => {
    await writeFile(bench.lockPath, '{"Small/test": {}}');
    const { code, detail } = expectFailure(await bench.ensure());
    expect(code).toBe('invalid_model');
    expect(detail).toContain(bench.lockPath);
    expect(bench.hub.requests).toEqual([]);
  });

  it.runIf(existsSync('/proc'))('that cannot be written ends the pull', async () => {
    const lockPath = '/proc/lock.json';
    expect(expectFailure(await bench.ensure({ lockPath })).detail).toContain(
      `set MODELS_LOCK to a file that can be written: ${lockPath}`,
    );
    expectFailure(await readModelDirectory(bench.directory));
    await bench.expectGoodPull();
  });

  it('of this project has the commits that the registry has', async () => {
    for (const { id, from } of registeredModels) {
      if ('directory' in from || from.revision === 'main') continue;
      const record = await readRecord('models/lock.json', id);
      expect(record).toMatchObject({ repository: from.repository, commit: from.revision });
      const named = [from.files, ...Object.values(from.variants ?? {})].flatMap((paths) =>
        Object.values(paths),
      );
      expect(Object.keys(record.files).toSorted()).toEqual(named.toSorted());
    }
  });
});

describe('verification', () => {
  it('names each file that is not as it should be', async () => {
    expectOk(await bench.ensure());
    await rm(join(bench.directory, 'visual/layer1'));
    await writeFile(join(bench.directory, 'visual/layer2'), 'short');
    await writeFile(join(bench.directory, 'textual/text.onnx_data'), Buffer.alloc(5000, 'x'));
    const { problems } = expectOk(await bench.verify());
    expect(problems).toEqual([
      expect.stringMatching(/^textual\/text.onnx_data has the hash \w{64} in place of \w{64}$/),
      'visual/layer1 is missing or cannot be read',
      'visual/layer2 has 5 bytes in place of 701',
    ]);
    bench.hub.requests.length = 0;
    await rm(join(bench.directory, 'textual/text.onnx_data'));
    await bench.expectGoodPull();
    expect(bench.pathsOfFiles()).toHaveLength(3);
  });

  it('holds model.json against the lock file', async () => {
    expectOk(await bench.ensure());
    const record = await readRecord();
    const files = { ...record.files, 'visual/layer1': { bytes: 700, sha256: '0'.repeat(64) } };
    await writeFile(bench.lockPath, JSON.stringify({ [hubModel.id]: { ...record, files } }));
    expect(expectOk(await bench.verify()).problems).toEqual([
      expect.stringMatching(/^visual\/layer1 has .* which the lock file has$/),
    ]);
  });

  it('has nothing to say of a model that is not here', async () => {
    expect(expectFailure(await bench.verify()).detail).toContain('it is not here');
  });
});
