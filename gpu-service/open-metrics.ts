import { createCloudWatchMetrics } from '../adapters/cloudwatch-metrics.ts';
import { combineMetrics } from '../adapters/combined-metrics.ts';
import { watchGpu } from '../adapters/gpu-usage.ts';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import type { Logger, Metrics } from '../core/ports.ts';
import type { Clock } from '../core/timings.ts';
import type { GpuServiceConfig } from './config.ts';

export interface MetricsParts {
  readonly now: Clock;
  readonly epochMs: () => number;
  /** Takes one line of CloudWatch's format, with its end. */
  readonly writeLine: (line: string) => void;
  readonly logger: Pick<Logger, 'warn'>;
}

export interface OpenMetrics extends Metrics {
  close(): void;
}

/** Those of Prometheus, and besides them those of CloudWatch where the environment asks for them. */
export function openMetrics(config: GpuServiceConfig, parts: MetricsParts): OpenMetrics {
  const { now, epochMs, writeLine, logger } = parts;
  // Where there need not be a GPU there may be no tool that could tell of it.
  const gpu = config.REQUIRE_GPU && !config.FORCE_CPU ? watchGpu({ logger }) : undefined;
  const prometheus = createPrometheusMetrics(now, { ofProcess: true, gpu: gpu?.read });
  const cloudWatch = config.CLOUDWATCH_METRICS
    ? createCloudWatchMetrics({
        now,
        epochMs,
        write: writeLine,
        namespace: config.METRICS_NAMESPACE,
        service: 'gpu-service',
        environment: config.ENVIRONMENT,
        places: config.MAX_CONCURRENT_SEARCHES,
        gpu: gpu?.read,
      })
    : undefined;
  return {
    ...(cloudWatch ? combineMetrics(prometheus, cloudWatch) : prometheus),
    close() {
      gpu?.close();
      cloudWatch?.close();
    },
  };
}
