import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { failure } from '../core/failure.ts';
import type { Metrics } from '../core/ports.ts';
import type { Search } from '../core/search.ts';
import { createDocsApp } from './docs.ts';
import { createHealthApp, type Health } from './health.ts';
import { withHeaders } from './middleware.ts';
import { logBug, respondBug, respondFailure } from './respond.ts';
import { routeOf } from './route-of.ts';
import { createFacetRoutes, type FacetRoutesParts } from './facet-routes.ts';
import { createSearchRoutes, type SearchRoutesParts } from './search-routes.ts';
import { createStatsApp, type StatsParts } from './stats.ts';
import { createUploadForm, type UploadForms } from './upload-form.ts';
import { createUploadRoutes, type UploadRoutesParts } from './upload-routes.ts';

export interface SearchAppParts
  extends SearchRoutesParts, FacetRoutesParts, UploadRoutesParts, StatsParts {
  readonly health: () => Promise<Health>;
  /** What every request passes before it is answered: traces, log, keys, limits. */
  readonly guards?: readonly MiddlewareHandler[];
  /** Where uploads are posted to this server itself. */
  readonly uploadForms?: UploadForms | undefined;
  /** Origins that the page may send to besides this one: where uploads are posted to a bucket. */
  readonly connectTo?: readonly string[] | undefined;
}

/** The HTTP face of a search: routes, schemas and error mapping, whichever search it is. */
export function createSearchApp(search: Search, parts: SearchAppParts): Hono {
  const { logger, metrics, uploadForms } = parts;
  const app = new Hono();
  app.use(withHeaders(countIn(metrics), parts.connectTo), ...(parts.guards ?? []));
  app.route('/', createUploadRoutes(parts));
  if (uploadForms) app.route('/', createUploadForm({ ...parts, uploadForms }));
  app.route('/', createSearchRoutes(search, parts));
  app.route('/', createFacetRoutes(parts));
  app.route('/', createHealthApp(parts.health));
  app.route('/', createStatsApp(parts));
  app.route('/', createDocsApp(parts));
  app.onError((error, c) => {
    logBug(c, logger, error);
    return respondBug(c);
  });
  app.notFound((c) =>
    respondFailure(c, failure('not_found', `Cannot find anything here: ${c.req.path}`)),
  );
  return app;
}

function countIn(metrics: Metrics): (c: Context) => void {
  return (c) => {
    const code: unknown = c.get('code');
    metrics.countRequest(routeOf(c), c.res.status, typeof code === 'string' ? code : 'ok');
  };
}
