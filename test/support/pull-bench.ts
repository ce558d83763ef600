import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { readModelDirectory } from '../../adapters/model-directory.ts';
import { ensureModel, type EnsureModelOptions } from '../../adapters/model-pull-ensure.ts';
import { verifyModel } from '../../adapters/model-pull-verify.ts';
import { expectOk } from './expect-ok.ts';
import { createHub, hubCommit, hubModel } from './hub-model.ts';
import type { ModelServer } from './model-server.ts';
import { useTemporaryDirectories } from './temporary-directory.ts';

/** A hub and an empty data directory for each test, and the pulls between them. */
export function usePullBench() {
  const newDirectory = useTemporaryDirectories();
  let hub: ModelServer;
  let dataDir: string;
  beforeEach(async () => {
    hub = await createHub();
    dataDir = await newDirectory();
  });
  afterEach(() => hub.close());

  const bench = {
    get hub() {
      return hub;
    },
    /** Another hub in place of this one, which is closed. */
    async replaceHub(commit?: string) {
      await hub.close();
      hub = await createHub(commit);
    },
    get dataDir() {
      return dataDir;
    },
    get directory() {
      return join(dataDir, 'models/Small/test');
    },
    get lockPath() {
      return join(dataDir, 'lock.json');
    },
    ensure: (more: Partial<EnsureModelOptions> = {}) =>
      ensureModel({
        id: hubModel.id,
        models: [hubModel],
        dataDir,
        lockPath: bench.lockPath,
        endpoint: hub.endpoint,
        idleTimeoutMs: 5000,
        retryDelayMs: 1,
        ...more,
      }),
    verify: () => verifyModel({ model: hubModel, dataDir, lockPath: bench.lockPath }),
    /** The paths of the files that were asked for, in the order in which they were. */
    pathsOfFiles: () => filesAskedOf(hub).map(({ path }) => path),
    /** The range of each request for a file. */
    rangesOf: (file: string) =>
      filesAskedOf(hub)
        .filter(({ path }) => path === file)
        .map(({ range }) => range),
    /** Now that the hub is well, a pull heals whatever went before. */
    async expectGoodPull() {
      hub.behave();
      expect(expectOk(await bench.ensure())).toBe(bench.directory);
      expectOk(await readModelDirectory(bench.directory));
      expect(expectOk(await bench.verify()).problems).toEqual([]);
    },
  };
  return bench;
}

function filesAskedOf({ requests }: ModelServer) {
  return requests
    .filter(({ path }) => path.includes('/resolve/'))
    .map(({ path, range }) => ({ path: path.split(`${hubCommit}/`)[1], range }));
}
