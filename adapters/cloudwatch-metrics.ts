import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from '../core/ports.ts';
import type { EmfMetric } from './emf-document.ts';
import { createEmfMetrics, type EmfOptions } from './emf-metrics.ts';
import type { GpuUsage } from './gpu-usage.ts';

export interface CloudWatchOptions extends EmfOptions {
  /** Searches that this process takes at once; left out: as many as come. */
  readonly places?: number;
  readonly gpu?: (() => GpuUsage | undefined) | undefined;
  /** How often gauges are read. */
  readonly sampleMs?: number;
  /** How often there are lines: at most a hundred samples each. */
  readonly flushMs?: number;
}

export interface CloudWatchMetrics extends Metrics {
  /** Writes what there is, and ends. */
  close(): void;
}

interface Gauge {
  readonly name: string;
  readonly unit: EmfMetric['unit'];
  /** `undefined`: not known now, so nothing is filed. */
  readonly read: () => number | undefined;
}

/**
 * Metrics for CloudWatch of a process that stays: what came together is written every ten seconds,
 * and what is a state (searches under way, memory, GPU) is looked at every second, also while nothing
 * happens: whoever scales by it takes no answer for no change.
 */
export function createCloudWatchMetrics(options: CloudWatchOptions): CloudWatchMetrics {
  const { sampleMs = 1000, flushMs = 10_000, places, gpu } = options;
  const emf = createEmfMetrics(options);
  const delay = createLoopDelay();
  const gauges: Gauge[] = [
    ...(places === undefined ? [] : [placesGauge(places)]),
    { name: 'process_memory', unit: 'Bytes', read: () => process.memoryUsage.rss() },
    { name: 'event_loop_delay', unit: 'Milliseconds', read: delay.takeMs },
    ...(gpu ? gpuGauges(gpu) : []),
  ];

  function sample(): void {
    for (const { name, unit, read } of gauges) {
      const value = read();
      if (value !== undefined) emf.add(name, unit, value);
    }
  }

  const timers = [setInterval(sample, sampleMs), setInterval(emf.flush, flushMs)];
  for (const timer of timers) timer.unref();
  return {
    ...emf,
    trackQueue: (queue, depth) =>
      void gauges.push({ name: `queue_depth_${queue}`, unit: 'Count', read: depth }),
    close() {
      for (const timer of timers) clearInterval(timer);
      delay.close();
      emf.flush();
    },
  };
}

function placesGauge(places: number): Gauge {
  return { name: 'search_places', unit: 'Count', read: () => places };
}

function gpuGauges(read: () => GpuUsage | undefined): Gauge[] {
  return [
    { name: 'gpu_utilization', unit: 'Percent', read: () => read()?.busyPercent },
    { name: 'gpu_memory_used', unit: 'Percent', read: () => memoryPercent(read()) },
  ];
}

function memoryPercent(usage: GpuUsage | undefined): number | undefined {
  if (usage?.memoryUsedBytes === undefined || usage.memoryTotalBytes === undefined)
    return undefined;
  return (usage.memoryUsedBytes / usage.memoryTotalBytes) * 100;
}

/** How late the event loop was at worst since the last look. */
function createLoopDelay(): { takeMs(): number; close(): void } {
  const resolution = 20;
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  return {
    takeMs() {
      const worstMs = histogram.max / 1e6;
      histogram.reset();
      // The histogram counts the pause between two looks too.
      return Math.max(0, worstMs - resolution);
    },
    close: () => void histogram.disable(),
  };
}
