import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

interface Counts {
  readonly handled: number;
  readonly sent: number;
  readonly failed: number;
  readonly dead: number;
  readonly unfinished: string[];
  readonly heaps: number[];
}

it('takes ten thousand messages without a leak, and acknowledges none that is not finished', async () => {
  const { handled, sent, failed, dead, unfinished, heaps } = await runMany();
  expect(sent).toBe(10_000);
  expect(unfinished).toEqual([]);
  // That there was something to get wrong.
  expect(handled).toBeGreaterThan(11_000);
  expect(failed).toBeGreaterThan(500);
  expect(dead).toBeGreaterThan(20);
  // The pictures are all there after the first thousands.
  const [settled = 0, ...later] = heaps.slice(3);
  expect(later.length).toBeGreaterThan(5);
  expect(Math.max(...later) - settled).toBeLessThan(2_000_000);
});

async function runMany(): Promise<Counts> {
  const script = join(import.meta.dirname, 'support/index-images-many.ts');
  const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc'];
  const child = spawn(process.execPath, [...flags, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close');
  let printed = '';
  for await (const text of child.stdout.setEncoding('utf8')) printed += String(text);
  expect(await ended).toEqual([0, null]);
  return JSON.parse(printed) as Counts;
}
