import { percentile } from '../core/rolling-window.ts';

export interface LoadReport {
  readonly requests: number;
  readonly per_second: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** How many answers said what of the cache. */
  readonly x_cache: Readonly<Record<string, number>>;
  /** Connections that broke in the middle of a request. */
  readonly broken: number;
  /** Milliseconds from the first byte sent to the last one received. */
  readonly latency_ms: Shares;
  /** `Server-Timing`'s total of every answer that has one. */
  readonly server_ms: Shares | undefined;
  /** How much of one core this process used: near 1, it measures itself. */
  readonly own_cpu: number;
}

interface Shares {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export type Tally = ReturnType<typeof createTally>;

/** Counts from `begin` to `end`. */
export function createTally() {
  let counts = createCounts();
  let begun = 0;
  let cpu = process.cpuUsage();
  return {
    /** One answer: its head, and the milliseconds that it took. */
    add(head: string, ms: number): void {
      counts.latencies.push(ms);
      increment(counts.statuses, head.slice(9, 12));
      const state = /\r\nx-cache: (\w+)/i.exec(head)?.[1];
      if (state !== undefined) increment(counts.cache, state);
      const total = /total;dur=([\d.]+)/.exec(head)?.[1];
      if (total !== undefined) counts.serverMs.push(Number(total));
    },
    addBroken(): void {
      counts.broken += 1;
    },
    begin(): void {
      counts = createCounts();
      begun = performance.now();
      cpu = process.cpuUsage();
    },
    end(): LoadReport {
      const seconds = (performance.now() - begun) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const { latencies, serverMs, statuses, cache, broken } = counts;
      return {
        requests: latencies.length,
        per_second: latencies.length / seconds,
        // Copies, as the last answers are still to come.
        statuses: { ...statuses },
        x_cache: { ...cache },
        broken,
        latency_ms: shares(latencies),
        server_ms: serverMs.length === 0 ? undefined : shares(serverMs),
        own_cpu: (user + system) / 1e6 / seconds,
      };
    },
  };
}

function createCounts() {
  return {
    latencies: [] as number[],
    serverMs: [] as number[],
    statuses: {} as Record<string, number>,
    cache: {} as Record<string, number>,
    broken: 0,
  };
}

function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function shares(samples: readonly number[]): Shares {
  const sorted = Float64Array.from(samples).sort();
  const [p50 = 0, p95 = 0, p99 = 0] = [50, 95, 99].map((share) => percentile(sorted, share));
  return { p50, p95, p99 };
}
