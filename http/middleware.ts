import { randomUUID } from 'node:crypto';
import type { Context, Handler, MiddlewareHandler } from 'hono';
import { failure } from '../core/failure.ts';
import type { Timings } from '../core/timings.ts';
import { headersOf, respondFailure } from './respond.ts';

/** Headers that keep a browser from guessing types, framing, and fetching from elsewhere. */
function securityHeaders(connectTo: readonly string[]) {
  const policy = [
    "default-src 'self'",
    ...(connectTo.length === 0 ? [] : [`connect-src 'self' ${connectTo.join(' ')}`]),
    "img-src 'self' data:",
    "frame-ancestors 'none'",
  ];
  return {
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'X-Frame-Options': 'DENY',
    'Content-Security-Policy': policy.join('; '),
  };
}

/**
 * Goes first, and last: `onAnswer` sees every answer, also a refusal. Takes over the caller's request
 * id where it is a sane one, makes one elsewhere, and sees to it that every answer has the headers
 * that belong to all: those of `headersOf`.
 *
 * @param connectTo Origins that the page may send to besides this one.
 */
export function withHeaders(
  onAnswer: (c: Context) => void = () => {},
  connectTo: readonly string[] = [],
): MiddlewareHandler {
  const always = securityHeaders(connectTo);
  return async (c, next) => {
    const given = c.req.header('x-request-id');
    const id = given !== undefined && /^[\w.-]{8,64}$/.test(given) ? given : randomUUID();
    c.set('requestId', id);
    c.set('headers', { ...always, 'X-Request-Id': id });
    await next();
    onAnswer(c);
    if (c.get('complete') === true) return;
    for (const [name, value] of Object.entries(headersOf(c))) c.res.headers.set(name, value);
  };
}

/** `Server-Timing`: where the time of a request went, in milliseconds. */
export function serverTiming(timings: Timings): string {
  let text = '';
  for (const [stage, ms] of timings.entries()) text += `${stage};dur=${ms.toFixed(3)}, `;
  return `${text}total;dur=${timings.elapsed().toFixed(3)}`;
}

/** Goes last on a path: whatever came this far has a method that the path does not know. */
export function refuseOtherMethods(allow: string): Handler {
  return (c) => {
    headersOf(c)['Allow'] = allow;
    const detail = `Cannot answer as ${c.req.path} takes only ${allow}: ${c.req.method}`;
    return respondFailure(c, failure('method_not_allowed', detail));
  };
}
