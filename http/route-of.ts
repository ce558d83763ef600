import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';

const variable = 'route';

/** The pattern that answers a request, so that ids in paths don't become labels. */
export function routeOf(c: Context): string {
  const known: string | undefined = c.get(variable);
  if (known !== undefined) return known;
  const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'))?.path ?? 'unknown';
  c.set(variable, route);
  return route;
}
