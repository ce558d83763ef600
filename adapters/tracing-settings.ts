import * as z from 'zod';

/** Where traces go, under the names that OpenTelemetry gave these variables. To be spread in a config. */
export const TracingSettings = {
  /** A collector that takes OTLP over HTTP, without `/v1/traces`. Left out: nothing is traced. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** What the collector asks for: `name=value,name=value`, values percent-encoded. */
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .transform((text, context) => {
      const headers = parseHeaders(text);
      if (headers !== undefined) return headers;
      // The text may hold a secret, so it is not repeated.
      context.addIssue({ code: 'custom', message: 'must be name=value,name=value' });
      return z.NEVER;
    })
    .optional(),
  /** What a process is called in a trace. Left out: `edge` or `gpu-service`. */
  OTEL_SERVICE_NAME: z.string().min(1).optional(),
  /** Share of the traces that begin here, 0 to 1. One that a caller began is kept as the caller says. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};

/** `undefined` for what is none. */
function parseHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = text.split(',').map((pair) => /^\s*([\w!#$%&'*+.^`|~-]+)\s*=(.*)$/.exec(pair));
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        const [, name, value] = pair ?? [];
        if (name === undefined || value === undefined) throw new URIError('not a pair');
        return [name, decodeURIComponent(value.trim())];
      }),
    );
  } catch {
    return undefined;
  }
}
