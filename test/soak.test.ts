import { expect, it } from 'vitest';
import { runScript } from './support/processes.ts';

it('searches for a while with flat memory and no growing sockets', async () => {
  const { code, stdout, stderr } = await runScript('soak', ['--seconds', '20']);
  expect(stderr).not.toContain('Cannot');
  expect(stdout).toMatch(/^edge +\S+ → \S+ MB, \d+ → \d+ sockets$/m);
  expect(stdout).toMatch(/^gpu-service +\S+ → \S+ MB/m);
  expect(stdout).toMatch(/^\d{3,} searches, 0 failures, 0 wrong answers$/m);
  expect(code).toBe(0);
});
