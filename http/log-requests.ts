import type { Context, MiddlewareHandler } from 'hono';
import type { Logger } from '../core/ports.ts';
import type { Clock, Timings } from '../core/timings.ts';
import { readNote } from './request-log.ts';
import { requestId } from './respond.ts';
import { routeOf } from './route-of.ts';
import { spanOf } from './trace-requests.ts';

export interface RequestLogParts {
  readonly logger: Logger & {
    readonly debug: Logger['info'];
    /** Left out: it takes everything. */
    isLevelEnabled?(level: string): boolean;
  };
  readonly now: Clock;
  /** Also what was searched for, not only how long it was. */
  readonly logQueries: boolean;
}

/** What is asked every few seconds, by machines. */
const probes: ReadonlySet<string> = new Set(['/livez', '/readyz', '/health', '/metrics']);

/**
 * One line per request: `warn` where the service failed, `error` for a bug, `debug` for probes.
 * Never headers, nor the path and the query string: they hold keys, and what people search for.
 */
export function logRequests({ logger, now, logQueries }: RequestLogParts): MiddlewareHandler {
  return async (c, next) => {
    const start = now();
    await next();
    const route = routeOf(c);
    const level = levelOf(c.res.status, route);
    // A line takes longer to put together than most of an answer from the cache.
    if (logger.isLevelEnabled?.(level) === false) return;
    logger[level](describe(c, route, now() - start, logQueries), 'Answered');
  };
}

function levelOf(status: number, route: string): 'error' | 'warn' | 'debug' | 'info' {
  if (status >= 500) return status === 500 ? 'error' : 'warn';
  return probes.has(route) ? 'debug' : 'info';
}

function describe(c: Context, route: string, totalMs: number, logQueries: boolean) {
  const { cache, timings, query, responseText } = readNote(c);
  const code: unknown = c.get('code');
  return {
    request_id: requestId(c),
    method: c.req.method,
    route,
    status: c.res.status,
    code: typeof code === 'string' ? code : 'ok',
    total_ms: round(totalMs),
    stages_ms: timings && stagesOf(timings),
    cache,
    key: c.get('apiKeyId') as string | undefined,
    request_bytes: bytesOf(c.req.header('content-length')),
    response_bytes: responseText === undefined ? undefined : Buffer.byteLength(responseText),
    query_chars: query === undefined ? undefined : [...query].length,
    query: logQueries ? query : undefined,
    trace_id: spanOf(c)?.traceparent.split('-')[1],
  };
}

function stagesOf(timings: Timings): Readonly<Record<string, number>> {
  return Object.fromEntries(timings.entries().map(([stage, ms]) => [stage, round(ms)]));
}

/** What the caller says, where it is a number. */
function bytesOf(contentLength = ''): number | undefined {
  return /^\d{1,15}$/.test(contentLength) ? Number(contentLength) : undefined;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
