import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';

/** The pattern that answers a request, so that ids in paths don't become labels. */
export function routeOf(c: Context): string {
  return matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'))?.path ?? 'unknown';
}
