import { Gauge, type Registry } from 'prom-client';
import type { GpuUsage } from './gpu-usage.ts';

/** What the GPU does; what it does not say has no value. */
export function createGpuGauges(registry: Registry, read: () => GpuUsage | undefined): void {
  const gauge = (name: string, help: string, of: (usage: GpuUsage) => number | undefined) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const usage = read();
        const value = usage && of(usage);
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  gauge('gpu_utilization_ratio', 'Share of the time that the GPU works', ({ busyPercent }) =>
    busyPercent === undefined ? undefined : busyPercent / 100,
  );
  gauge('gpu_memory_used_bytes', 'Memory of the GPU in use', (usage) => usage.memoryUsedBytes);
  gauge('gpu_memory_total_bytes', 'Memory of the GPU', (usage) => usage.memoryTotalBytes);
}
