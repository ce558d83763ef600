import { randomUUID } from 'node:crypto';
import type { Handler, MiddlewareHandler } from 'hono';
import { failure } from '../core/failure.ts';
import type { Timings } from '../core/timings.ts';
import { respondFailure } from './respond.ts';

/** Takes over the caller's request id where it is a sane one, makes one elsewhere, sends it back. */
export function withRequestId(): MiddlewareHandler {
  return async (c, next) => {
    const given = c.req.header('x-request-id');
    const id = given !== undefined && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
    c.set('requestId', id);
    await next();
    c.res.headers.set('X-Request-Id', id);
  };
}

/** Headers that keep a browser from guessing types, framing, and fetching from elsewhere. */
export function withSecurityHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { headers } = c.res;
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('X-Frame-Options', 'DENY');
    headers.set(
      'Content-Security-Policy',
      "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    );
  };
}

/** `Server-Timing`: where the time of a request went, in milliseconds. */
export function serverTiming(timings: Timings): string {
  return [...timings.entries(), ['total', timings.elapsed()] as const]
    .map(([stage, ms]) => `${stage};dur=${ms.toFixed(3)}`)
    .join(', ');
}

/** Goes last on a path: whatever came this far has a method that the path does not know. */
export function refuseOtherMethods(allow: string): Handler {
  return (c) => {
    c.header('Allow', allow);
    const detail = `Cannot answer as ${c.req.path} takes only ${allow}: ${c.req.method}`;
    return respondFailure(c, failure('method_not_allowed', detail));
  };
}
