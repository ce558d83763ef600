import type { MiddlewareHandler } from 'hono';
import { failure } from '../core/failure.ts';
import { respondFailure } from './respond.ts';

/** What a browser calls a server that only this machine can reach. */
export const localHosts: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Answers to these names alone. A page of anybody's can have its own name lead to 127.0.0.1 once it is
 * loaded, and then ask a server there as if it were its own; but the browser still says that name.
 */
export function onlyHosts(names: readonly string[]): MiddlewareHandler {
  const known = new Set(names);
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (known.has(host.replace(/:\d+$/, '').toLowerCase())) return next();
    const detail = `Cannot answer as this server is for this machine alone, under the names ${names.join(', ')} (API_HOST=0.0.0.0 opens it to others): ${host}`;
    return respondFailure(c, failure('wrong_host', detail));
  };
}
