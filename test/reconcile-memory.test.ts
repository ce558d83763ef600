import { expect, it } from 'vitest';
import * as z from 'zod';
import { startProcess } from './support/processes.ts';

const Printed = z.object({
  report: z.looseObject({}),
  sent: z.int(),
  removed: z.int(),
  heaps: z.array(z.number()).min(10),
});

const count = 300_000;

it('reconciles 300,000 pictures in the memory of a few', { timeout: 300_000 }, async () => {
  const many = startProcess('test/support/reconcile-many.ts', [String(count)]);
  const { code, stdout, stderr } = await many.finished;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { report, sent, removed, heaps } = Printed.parse(JSON.parse(stdout));
  expect(report).toMatchObject({
    finished: true,
    pictures: count,
    indexed: count,
    missing: count / 1000,
    orphans: count / 1000,
    rejected: 0,
  });
  expect([sent, removed]).toEqual([count / 1000, count / 1000]);
  // A key that was kept of each would be thirty megabytes in the end.
  const [first = 0] = heaps;
  expect(Math.max(...heaps) - first).toBeLessThan(5);
});
