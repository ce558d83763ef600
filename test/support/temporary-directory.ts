import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

/** Makes empty folders that are gone after the tests of the file or the `describe` it is called in. */
export function useTemporaryDirectories(): () => Promise<string> {
  const directories: string[] = [];
  afterAll(async () => {
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  });
  return async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'picture-search-'));
    directories.push(directory);
    return directory;
  };
}
