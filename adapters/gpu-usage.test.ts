import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { type GpuWatch, parseGpuUsage, watchGpu } from './gpu-usage.ts';
import { createPrometheusMetrics } from './prometheus-metrics.ts';

const question =
  '--query-gpu=utilization.gpu,memory.used,memory.total --format=csv,noheader,nounits';

const temporaryDirectory = useTemporaryDirectories();
const watches: GpuWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
});

describe("the driver's tool", () => {
  it('is asked for utilization and memory, again and again', async () => {
    const { watch, tool } = await watchTool('echo "$@" >> "$0.asked"; echo "37, 1024, 23034"');
    await waitFor(() => expect(watch.read()).toBeDefined());
    await waitFor(() => {
      const asked = readFileSync(`${tool}.asked`, 'utf8').trim().split('\n');
      expect(asked.length).toBeGreaterThan(2);
      expect(new Set(asked)).toEqual(new Set([question]));
    });
    expect(watch.read()).toEqual({
      busyPercent: 37,
      memoryUsedBytes: 1024 * 2 ** 20,
      memoryTotalBytes: 23_034 * 2 ** 20,
    });
  });

  it('may be missing, which is said once', async () => {
    const warnings: object[] = [];
    const watch = start('/nowhere/nvidia-smi', warnings);
    await waitFor(() => expect(warnings).toHaveLength(1));
    await pause(100);
    expect(warnings).toHaveLength(1);
    expect(watch.read()).toBeUndefined();
  });

  it('may hang, and is killed', async () => {
    const { watch, tool, warnings } = await watchTool('echo "1, 2, 3"');
    await waitFor(() => expect(watch.read()).toBeDefined());
    await write(tool, "trap '' TERM; while :; do sleep 0.05; done");
    await waitFor(() => expect(warnings).toMatchObject([{ timeoutMs: 300 }]));
    expect(watch.read()).toBeUndefined();
    await write(tool, 'echo "4, 5, 6"');
    await waitFor(() => expect(watch.read()?.busyPercent).toBe(4));
  });

  it('may hang so that nothing ends it: what was known before is known no more', async () => {
    const { watch, tool, warnings } = await watchTool('echo "1, 2, 3"');
    await waitFor(() => expect(watch.read()).toBeDefined());
    // What it has started keeps its output open.
    await write(tool, 'echo x >> "$0.asked"; sleep 2 & wait');
    await waitFor(() => expect(warnings).toHaveLength(1));
    expect(watch.read()).toBeUndefined();
    await pause(400);
    expect(readFileSync(`${tool}.asked`, 'utf8')).toBe('x\n');
  });

  it('may fail for a while: what was known is no more, and comes back', async () => {
    const { tool, watch, warnings } = await watchTool('echo "1, 2, 3"');
    await waitFor(() => expect(watch.read()?.busyPercent).toBe(1));
    await write(tool, 'echo "Unable to determine the device handle"; exit 15');
    await waitFor(() => expect(watch.read()).toBeUndefined());
    await write(tool, 'echo "4, 5, 6"');
    await waitFor(() => expect(watch.read()?.busyPercent).toBe(4));
    await write(tool, 'exit 1');
    await waitFor(() => expect(watch.read()).toBeUndefined());
    expect(warnings).toHaveLength(2);
  });

  it('is not asked after the end', async () => {
    const { watch } = await watchTool('echo "1, 2, 3"');
    await waitFor(() => expect(watch.read()).toBeDefined());
    watch.close();
    await pause(50);
    expect(watch.read()).toBeUndefined();
  });
});

describe('what it says', () => {
  it('is a line for every GPU, which are taken together', () => {
    expect(parseGpuUsage('10, 100, 1000\n30, 200, 1000\n')).toEqual({
      busyPercent: 20,
      memoryUsedBytes: 300 * 2 ** 20,
      memoryTotalBytes: 2000 * 2 ** 20,
    });
  });

  it.each(['[N/A]', '[Not Supported]', '[Unknown Error]', '', '-1', '1e9'])(
    'may not be a number: %j',
    (cell) => {
      expect(parseGpuUsage(`${cell}, 100, 1000`)).toEqual({
        busyPercent: undefined,
        memoryUsedBytes: 100 * 2 ** 20,
        memoryTotalBytes: 1000 * 2 ** 20,
      });
    },
  );

  it.each([
    '',
    '\n',
    'No devices were found',
    '[N/A], [N/A], [N/A]',
    '1, 2',
    '1, 2, 3, 4',
    '<html>',
  ])('may be nothing of use: %j', (output) => {
    expect(parseGpuUsage(output)).toBeUndefined();
  });
});

it('is shown to Prometheus, without a value for what is not known', async () => {
  let busyPercent: number | undefined = 40;
  const gpu = () => ({ busyPercent, memoryUsedBytes: 10, memoryTotalBytes: 20 });
  const metrics = createPrometheusMetrics(() => 0, { gpu });
  const before = await metrics.exposition();
  expect(before.body).toMatch(/^gpu_utilization_ratio 0\.4$/m);
  expect(before.body).toMatch(/^gpu_memory_used_bytes 10$/m);
  expect(before.body).toMatch(/^gpu_memory_total_bytes 20$/m);
  busyPercent = undefined;
  const after = await metrics.exposition();
  expect(after.body).not.toMatch(/^gpu_utilization_ratio \d/m);
  expect(after.body).toMatch(/^gpu_memory_used_bytes 10$/m);
});

async function watchTool(script: string) {
  const tool = join(await temporaryDirectory(), 'nvidia-smi');
  await write(tool, script);
  const warnings: object[] = [];
  return { tool, warnings, watch: start(tool, warnings) };
}

async function write(tool: string, script: string): Promise<void> {
  // A script that is being started can't be written to.
  await writeFile(`${tool}.new`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await rename(`${tool}.new`, tool);
}

function start(command: string, warnings: object[]): GpuWatch {
  const logger = { warn: (fields: object) => void warnings.push(fields) };
  const watch = watchGpu({ logger, command, everyMs: 10, timeoutMs: 300 });
  watches.push(watch);
  return watch;
}

function waitFor(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000 });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
