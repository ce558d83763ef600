import type * as z from 'zod';
import type { Logger } from '../core/ports.ts';
import type { OtlpTracer } from './otlp-tracer.ts';
import type { TracingSettings } from './tracing-settings.ts';

type Settings = z.output<z.ZodObject<typeof TracingSettings>>;

/**
 * The tracer that the environment asks for; `undefined` where it names no collector. OpenTelemetry
 * takes 0.2 s to load, so it is loaded only then.
 */
export async function openTracer(
  settings: Settings,
  serviceName: string,
  logger: Pick<Logger, 'warn'>,
): Promise<OtlpTracer | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = settings;
  if (endpoint === undefined) return undefined;
  const { createOtlpTracer } = await import('./otlp-tracer.ts');
  return createOtlpTracer({
    endpoint,
    headers: settings.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: settings.OTEL_SERVICE_NAME ?? serviceName,
    sampleRatio: settings.OTEL_TRACES_SAMPLER_ARG,
    logger,
  });
}
