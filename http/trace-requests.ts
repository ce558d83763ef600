import type { Context, MiddlewareHandler } from 'hono';
import type { Span, Tracer } from '../core/tracing.ts';
import { requestId } from './respond.ts';
import { routeOf } from './route-of.ts';

const variable = 'span';

/**
 * A span round every request, below the one that its `traceparent` names. Routes find it with
 * `spanOf`. It comes behind the request id; without a tracer it does nothing.
 */
export function traceRequests(tracer: Tracer | undefined): MiddlewareHandler {
  if (tracer === undefined) return (_, next) => next();
  return async (c, next) => {
    const { method } = c.req;
    const route = routeOf(c);
    const span = tracer.start(`${method} ${route}`, c.req.header('traceparent'));
    c.set(variable, span);
    try {
      await next();
    } finally {
      span.label('http.request.method', method);
      span.label('http.route', route);
      span.label('http.response.status_code', c.res.status);
      span.label('request_id', requestId(c));
      const code: unknown = c.get('code');
      span.end(typeof code === 'string' ? code : undefined);
    }
  };
}

/** The span of this request; `undefined` where it is not traced. */
export function spanOf(c: Context): Span | undefined {
  return c.get(variable) as Span | undefined;
}
