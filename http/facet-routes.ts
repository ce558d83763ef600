import { type Context, Hono } from 'hono';
import type { FacetsSource } from '../core/facets.ts';
import type { Logger } from '../core/ports.ts';
import type { Clock } from '../core/timings.ts';
import { refuseOtherMethods, serverTiming } from './middleware.ts';
import { createRequestContext } from './request-context.ts';
import { headersOf, respondAndLog, respondText, whoMayKeep } from './respond.ts';

export interface FacetRoutesParts {
  /** What pictures can be filtered by. */
  readonly facets: FacetsSource;
  readonly logger: Logger;
  readonly now: Clock;
  readonly timeoutMs: number;
}

/** `/facets`. */
export function createFacetRoutes(parts: FacetRoutesParts): Hono {
  const app = new Hono();
  app.get('/facets', async (c: Context) => {
    const context = createRequestContext(c, parts);
    const counted = await parts.facets(context);
    headersOf(c)['Server-Timing'] = serverTiming(context.timings);
    if (!counted.ok) return respondAndLog(c, parts.logger, counted.error);
    return respondText(c, JSON.stringify(counted.value), {
      headers: { 'Content-Type': 'application/json', 'Cache-Control': whoMayKeep(c) },
    });
  });
  app.all('/facets', refuseOtherMethods('GET, HEAD'));
  return app;
}
