import { createHash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { type Async } from '../core/failure.ts';
import type { Images } from '../core/images.ts';
import { ImageId, ScoreThreshold, SearchQuery, type SearchResponse, TopK } from '../core/model.ts';
import type { Logger, Metrics } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { RequestContext, Search } from '../core/search.ts';
import { type Clock, createTimings } from '../core/timings.ts';
import { refuseOtherMethods, serverTiming } from './middleware.ts';
import { parseFields, readJson } from './parse-request.ts';
import { fromQueryString } from './query-string.ts';
import { requestId, respondAndLog } from './respond.ts';

export interface SearchRoutesParts {
  readonly images: Images;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: Clock;
  /** How long one request may take. */
  readonly timeoutMs: number;
}

/** The query string of `GET /images/{id}/similar`. */
export const SimilarParams = z.strictObject({ top_k: TopK, score_threshold: ScoreThreshold });

/** `/search` and `/images/{id}`. */
export function createSearchRoutes(search: Search, parts: SearchRoutesParts): Hono {
  const app = new Hono();
  const searchFor = (c: Context, raw: Async<unknown>) =>
    answerSearch(c, parts, async (context) => {
      const body = await raw;
      const query = body.ok ? parseFields(SearchQuery, body.value) : body;
      return query.ok ? search(query.value, context) : query;
    });

  app.post('/search', (c) => searchFor(c, readJson(c)));
  app.get('/search', (c) => {
    const params = new URL(c.req.url).searchParams;
    return searchFor(c, Promise.resolve(ok(fromQueryString(params))));
  });
  app.all('/search', refuseOtherMethods('GET, HEAD, POST'));

  app.get('/images/:id', async (c) => {
    const id = parseFields(z.strictObject({ id: ImageId }), { id: c.req.param('id') });
    const image = id.ok ? await parts.images.get(id.value.id) : id;
    return image.ok ? c.json(image.value) : respondAndLog(c, parts.logger, image.error);
  });
  app.all('/images/:id', refuseOtherMethods('GET, HEAD'));

  app.get('/images/:id/similar', (c) => {
    const raw = { ...fromQueryString(new URL(c.req.url).searchParams), id: c.req.param('id') };
    const query = parseFields(SimilarParams.extend({ id: ImageId }), raw);
    return answerSearch(c, parts, async (context) =>
      query.ok ? parts.images.similar(query.value, context) : query,
    );
  });
  app.all('/images/:id/similar', refuseOtherMethods('GET, HEAD'));
  return app;
}

async function answerSearch(
  c: Context,
  { logger, metrics, now, timeoutMs }: SearchRoutesParts,
  run: (context: RequestContext) => Async<SearchResponse>,
): Promise<Response> {
  const timings = createTimings(now);
  const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(timeoutMs)]);
  const response = await run({ requestId: requestId(c), signal, timings });
  c.header('Server-Timing', serverTiming(timings));
  if (!response.ok) return respondAndLog(c, logger, response.error);
  for (const [stage, ms] of timings.entries()) {
    if (stage === 'encode') metrics.observe('embedding', ms);
    if (stage === 'search') metrics.observe('search', ms);
  }
  metrics.observe('total', timings.elapsed());
  return c.req.method === 'POST' ? c.json(response.value) : cacheable(c, response.value);
}

/** A `GET` may be kept by a CDN for seconds, and asked about by its tag. */
function cacheable(c: Context, response: SearchResponse): Response {
  // The same results are the same answer, however long they took.
  const { latency_ms: _, cached: __, ...lasting } = response;
  const hash = createHash('sha256').update(JSON.stringify(lasting)).digest('base64url');
  const etag = `W/"${hash.slice(0, 22)}"`;
  c.header('ETag', etag);
  c.header('Cache-Control', 'public, max-age=0, s-maxage=10');
  const known = c.req
    .header('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim());
  return known?.includes(etag) === true ? c.body(null, 304) : c.json(response);
}
