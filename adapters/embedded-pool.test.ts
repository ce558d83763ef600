import { describe, expect, it } from 'vitest';
import { startProcess } from '../test/support/processes.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';

const createDirectory = useTemporaryDirectories();

/** In a process of its own: a hung one can only be killed. */
async function search(times: number, env: Readonly<Record<string, string>>): Promise<string> {
  const args = [await createDirectory(), String(times)];
  const file = 'test/support/embedded-store-searcher.ts';
  const { stdout, stderr } = await startProcess(file, args, env).finished;
  return stdout + stderr;
}

describe('Searching an embedded store that has grown, from all sides at once', () => {
  it('answers every search on as many cores as there are', async () => {
    expect(await search(2_000, {})).toBe('2000 answers\n');
  });

  it('answers every search on a single core', async () => {
    const single = { OMP_NUM_THREADS: '1', OMP_THREAD_LIMIT: '1' };
    expect(await search(1_000, single)).toBe('1000 answers\n');
  });
});
