import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startProcess } from './support/processes.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';
import { writeTinyClip } from './support/tiny-clip.ts';

describe('The encoder', { timeout: 300_000 }, () => {
  const temporaryDirectory = useTemporaryDirectories();

  it('keeps its memory over 20,000 texts of random lengths', async () => {
    const directory = await temporaryDirectory();
    await writeTinyClip(directory);
    const { code, stdout, stderr } = await startProcess('test/support/encode-many.ts', [
      directory,
      '20000',
    ]).finished;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const residentMb = z.array(z.number()).min(20).parse(JSON.parse(stdout));
    const early = Math.max(...residentMb.slice(0, 2));
    const late = Math.max(...residentMb.slice(2));
    // Some 40 MB, of which V8 may take 20 by enlarging a heap: one that kept a run's tensors, two
    // kilobytes a text, would be seen.
    expect(late - early).toBeLessThan(0.2 * early);
  });
});
