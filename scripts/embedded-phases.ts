import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a part of the work took, of this process with all its threads. */
export interface Phase {
  readonly name: string;
  readonly seconds: number;
  /** Of all cores together: what stays alike however busy the machine is. */
  readonly cpu_seconds: number;
  readonly peak_rss_mb: number;
  /** The longest that this thread, the one of HTTP, stood still. */
  readonly loop_max_ms: number;
}

export interface Phases {
  readonly done: readonly Phase[];
  measure<T>(name: string, action: () => Promise<T>): Promise<T>;
}

const sampleIntervalMs = 200;
const bytesPerMegabyte = 2 ** 20;

export function createPhases(log: (phase: Phase) => void): Phases {
  const done: Phase[] = [];
  return {
    done,
    async measure(name, action) {
      let peak = process.memoryUsage.rss();
      const timer = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage.rss());
      }, sampleIntervalMs);
      const loop = monitorEventLoopDelay({ resolution: 1 });
      const [start, cpu] = [performance.now(), process.cpuUsage()];
      loop.enable();
      try {
        return await action();
      } finally {
        loop.disable();
        clearInterval(timer);
        const { user, system } = process.cpuUsage(cpu);
        const phase = {
          name,
          seconds: (performance.now() - start) / 1000,
          cpu_seconds: (user + system) / 1e6,
          peak_rss_mb: Math.max(peak, process.memoryUsage.rss()) / bytesPerMegabyte,
          loop_max_ms: loop.max / 1e6,
        };
        done.push(phase);
        log(phase);
      }
    },
  };
}
