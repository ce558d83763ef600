import {
  type Context,
  ROOT_CONTEXT,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { failures } from '../core/failure.ts';
import type { Logger } from '../core/ports.ts';
import type { Span, SpanKind, Tracer } from '../core/tracing.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

export interface OtlpTracerOptions {
  /** Base URL of a collector; spans go to `/v1/traces` below it. */
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly serviceName: string;
  /** Share of the traces that begin here, 0 to 1. What came with a parent follows the parent. */
  readonly sampleRatio: number;
  readonly logger: Pick<Logger, 'warn'>;
  /** How long one export may take, tries again included; and how long closing waits for all. */
  readonly timeoutMs?: number;
}

export interface OtlpTracer extends Tracer {
  /** Sends what has ended so far. For a process that may stand still after an answer. */
  flush(): Promise<void>;
}

/** Spans that may wait to be sent, so that a collector that hangs costs no memory. */
const maxWaitingSpans = 2048;

const kinds: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  internal: OtelKind.INTERNAL,
};

/**
 * Traces for any collector that takes OTLP over HTTP. Spans are sent in batches, every 5 s or 512;
 * what can't be sent is dropped, and the log says so once until it works again. Spans know their
 * parents because they are told: nothing follows the calls of a process on its own.
 */
export function createOtlpTracer(options: OtlpTracerOptions): OtlpTracer {
  const { serviceName, sampleRatio, timeoutMs = 3000 } = options;
  const processor = new BatchSpanProcessor({
    exporter: createExporter(options, timeoutMs),
    maxQueueSize: maxWaitingSpans,
    exportTimeoutMillis: timeoutMs + 1000,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('picture-search');
  let closing: Promise<void> | undefined;
  return {
    start: (name, traceparent) =>
      startSpan({ tracer, clock: createClock() }, name, 'server', contextOf(traceparent)),
    flush: () => inTime(provider.forceFlush(), timeoutMs),
    close: () => (closing ??= inTime(provider.shutdown(), timeoutMs)),
  };
}

function contextOf(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** In milliseconds of the day, to the microsecond. */
type SpanClock = () => number;

/** One for all spans of a request: with one for each, a part could end after the whole. */
function createClock(): SpanClock {
  const [startedAtMs, start] = [Date.now(), performance.now()];
  return () => startedAtMs + performance.now() - start;
}

interface Source {
  readonly tracer: OtelTracer;
  readonly clock: SpanClock;
}

function startSpan(source: Source, name: string, kind: SpanKind, parent: Context): Span {
  const { tracer, clock } = source;
  const span = tracer.startSpan(name, { kind: kinds[kind], startTime: clock() }, parent);
  const { traceId, spanId, traceFlags } = span.spanContext();
  const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  return {
    traceparent: formatTraceparent({ traceId, spanId, sampled }),
    child: (childName, childKind = 'internal') =>
      startSpan(source, childName, childKind, trace.setSpan(ROOT_CONTEXT, span)),
    label: (label, value) => void span.setAttribute(label, value),
    end(code) {
      if (!span.isRecording()) return;
      if (code !== undefined && code !== 'ok') {
        span.setAttribute('error.type', code);
        // A caller's mistake is no error of whoever tells it so.
        if (kind !== 'server' || isOurs(code)) span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end(clock());
    },
  };
}

function isOurs(code: string): boolean {
  return !Object.hasOwn(failures, code) || failures[code as keyof typeof failures].status >= 500;
}

/** An export that fails is told once, and never to the processor: it would only throw it. */
function createExporter(
  { endpoint, headers, logger }: OtlpTracerOptions,
  timeoutMs: number,
): SpanExporter {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
  });
  let failing = false;
  return {
    export(spans, done) {
      exporter.export(spans, ({ code, error }) => {
        const failed = code !== 0;
        if (failed && !failing)
          logger.warn({ err: error, url }, 'Cannot send traces; they are dropped');
        failing = failed;
        done({ code: 0 });
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Ends with the work or when the time is over, and never fails. */
async function inTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.catch(() => {}), late]);
  clearTimeout(timer);
}
