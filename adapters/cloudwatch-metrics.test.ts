import { afterEach, expect, it, vi } from 'vitest';
import { createCloudWatchMetrics } from './cloudwatch-metrics.ts';
import type { GpuUsage } from './gpu-usage.ts';

const lines: string[] = [];
const open: { close(): void }[] = [];
afterEach(() => {
  for (const metrics of open.splice(0)) metrics.close();
  lines.length = 0;
});

it('says what the process does, also while nothing is asked', async () => {
  const metrics = create();
  metrics.trackQueue('searches', () => 3);
  await waitFor(() => expect(lines.length).toBeGreaterThan(1));
  const [line] = read();
  expect(line).toMatchObject({ service: 'gpu-service', environment: 'staging' });
  expect(new Set(line?.['queue_depth_searches'] as number[])).toEqual(new Set([3]));
  expect(new Set(line?.['search_places'] as number[])).toEqual(new Set([128]));
  expect(Math.min(...(line?.['process_memory'] as number[]))).toBeGreaterThan(2 ** 20);
  expect(unitsOf(line)).toMatchObject({
    queue_depth_searches: 'Count',
    process_memory: 'Bytes',
    event_loop_delay: 'Milliseconds',
  });
  expect(line).not.toHaveProperty('gpu_utilization');
});

it('has what was counted among it', () => {
  const metrics = create({ sampleMs: 60_000, flushMs: 60_000 });
  metrics.countRequest('/search', 200, 'ok');
  metrics.observe('total', 12);
  metrics.close();
  expect(read()).toMatchObject([{ requests: 1, total_duration: [12] }]);
});

it('has the GPU where there is one, and nothing of it while nobody knows', async () => {
  let usage: GpuUsage | undefined;
  create({ gpu: () => usage });
  await waitFor(() => expect(lines.length).toBeGreaterThan(0));
  expect(read()[0]).not.toHaveProperty('gpu_utilization');
  usage = { busyPercent: 80, memoryUsedBytes: 6e9, memoryTotalBytes: 24e9 };
  await waitFor(() => expect(read().at(-1)).toHaveProperty('gpu_utilization'));
  const last = read().at(-1);
  expect(new Set(last?.['gpu_utilization'] as number[])).toEqual(new Set([80]));
  expect(new Set(last?.['gpu_memory_used'] as number[])).toEqual(new Set([25]));
  expect(unitsOf(last)).toMatchObject({ gpu_utilization: 'Percent', gpu_memory_used: 'Percent' });
});

it('leaves out what the driver does not tell', async () => {
  create({ gpu: () => ({ busyPercent: undefined, memoryUsedBytes: 1, memoryTotalBytes: 2 }) });
  await waitFor(() => expect(lines.length).toBeGreaterThan(0));
  expect(read()[0]).toHaveProperty('gpu_memory_used');
  expect(read()[0]).not.toHaveProperty('gpu_utilization');
});

it('shows a blocked event loop', async () => {
  create({ sampleMs: 50, flushMs: 100 });
  await new Promise((resolve) => setTimeout(resolve, 60));
  const end = performance.now() + 150;
  while (performance.now() < end);
  await waitFor(() => {
    const delays = read().flatMap((line) => (line['event_loop_delay'] ?? []) as number[]);
    expect(Math.max(0, ...delays)).toBeGreaterThan(80);
  });
});

it('writes nothing after it was closed', async () => {
  create().close();
  lines.length = 0;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(lines).toEqual([]);
});

function create(options: Partial<Parameters<typeof createCloudWatchMetrics>[0]> = {}) {
  const metrics = createCloudWatchMetrics({
    now: () => performance.now(),
    epochMs: () => 1_900_000_000_000,
    write: (line) => void lines.push(line),
    namespace: 'PictureSearch',
    service: 'gpu-service',
    environment: 'staging',
    places: 128,
    sampleMs: 5,
    flushMs: 20,
    ...options,
  });
  open.push(metrics);
  return metrics;
}

interface Line {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly [
      { readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[] },
    ];
  };
  readonly [name: string]: unknown;
}

function read(): Line[] {
  return lines.map((line) => JSON.parse(line) as Line);
}

function waitFor(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000 });
}

function unitsOf(line: Line | undefined): Record<string, string> {
  const [{ Metrics } = { Metrics: [] }] = line?.['_aws'].CloudWatchMetrics ?? [];
  return Object.fromEntries(Metrics.map(({ Name, Unit }) => [Name, Unit]));
}
