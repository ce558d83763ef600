import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CacheState, Metrics } from '../core/ports.ts';
import type { Clock } from '../core/timings.ts';
import { codeLabel } from './code-label.ts';
import { createEventCounter, createStageHistogram } from './gathered-metrics.ts';
import { createGpuGauges } from './gpu-gauges.ts';
import type { GpuUsage } from './gpu-usage.ts';
import { createLlmSeries } from './llm-series.ts';
import { createStageWindows } from './stage-windows.ts';

/** A cached search takes less than a millisecond, one that waits for a large model seconds. */
const bucketsSeconds = [
  0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
];
const bucketsTexts = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const cacheStates = ['hit', 'miss', 'bypass'] as const satisfies readonly CacheState[];

/**
 * How often the event loop is looked at, in milliseconds, and so the least lag that it shows. Every
 * look wakes the process up: at 10 that is 0.7 % of a core.
 */
const sampling = { eventLoopMonitoringPrecision: 20 };

/** A route is a pattern, so there are few; should that ever break, the rest is one label. */
const maxRoutes = 64;

export interface PrometheusOptions {
  /**
   * CPU, memory, event loop and open handles of this process too. It takes observers that nothing
   * ends, so at most once in a process.
   */
  readonly ofProcess?: boolean;
  /** What the GPU does; left out where there is none. */
  readonly gpu?: (() => GpuUsage | undefined) | undefined;
}

/** Metrics for Prometheus (histograms), with exact percentiles of the last 10,000 besides. */
export function createPrometheusMetrics(now: Clock, options: PrometheusOptions = {}): Metrics {
  const registry = new Registry();
  const windows = createStageWindows(now);
  const { durations, batches } = createHistograms(registry);
  const counters = createCounters(registry);
  const queues = createQueueGauges(registry);
  const llm = createLlmSeries(registry);
  const nameRoute = createRouteNames();
  if (options.gpu) createGpuGauges(registry, options.gpu);
  if (options.ofProcess === true) collectDefaultMetrics({ register: registry, ...sampling });
  return {
    observe(stage, milliseconds) {
      windows.add(stage, milliseconds);
      durations.observe(stage, milliseconds / 1000);
    },
    countRequest: (route, status, code) =>
      counters.requests.count(nameRoute(route), String(status), codeLabel(code)),
    countCache: (state) => counters.cache.count(state),
    countLlm: llm.count,
    trackLlmQuota: llm.trackQuota,
    countTextLookup: (hit) => counters.texts.count(String(hit)),
    observeBatch: (count) => batches.observe(count),
    trackQueue: queues.track,
    uptimeSeconds: windows.uptimeSeconds,
    summaries: windows.summaries,
    exposition: async () => ({
      contentType: registry.contentType,
      body: await registry.metrics(),
    }),
  };
}

function createHistograms(registry: Registry) {
  const durations = createStageHistogram(registry, {
    name: 'search_stage_duration_seconds',
    help: 'How long the parts of a search took',
    buckets: bucketsSeconds,
  });
  const batches = new Histogram({
    name: 'encoder_batch_texts',
    help: 'Texts of one run of the encoder',
    buckets: bucketsTexts,
    registers: [registry],
  });
  return { durations, batches };
}

/** Series whose labels are known start at 0, so that their first event is an increase. */
function createCounters(registry: Registry) {
  const requests = createEventCounter(registry, {
    name: 'http_requests_total',
    help: 'Answered requests by route, status and code',
    labelNames: ['route', 'status', 'code'],
  });
  const cache = createEventCounter(registry, {
    name: 'cache_requests_total',
    help: 'Searches by what the cache did for them',
    labelNames: ['state'],
    known: cacheStates,
  });
  const texts = createEventCounter(registry, {
    name: 'text_cache_lookups_total',
    help: 'Query texts whose vector was at hand (hit), or had to be made',
    labelNames: ['hit'],
    known: ['true', 'false'],
  });
  return { requests, cache, texts };
}

/** Queues are asked how long they are when somebody looks, and cost nothing meanwhile. */
function createQueueGauges(registry: Registry): { readonly track: Metrics['trackQueue'] } {
  const queues = new Map<string, () => number>();
  const gauge = new Gauge({
    name: 'queue_depth',
    help: 'How many wait in a queue',
    labelNames: ['queue'],
    registers: [registry],
    collect: () => {
      for (const [queue, depth] of queues) gauge.set({ queue }, depth());
    },
  });
  return { track: (queue, depth) => void queues.set(queue, depth) };
}

function createRouteNames(): (route: string) => string {
  const known = new Set<string>();
  return (route) => {
    if (known.has(route)) return route;
    if (known.size >= maxRoutes) return 'other';
    known.add(route);
    return route;
  };
}
