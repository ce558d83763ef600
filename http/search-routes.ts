import { hash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { type Async } from '../core/failure.ts';
import type { Images } from '../core/images.ts';
import {
  ImageId,
  ScoreThreshold,
  type SearchQuery,
  type SearchResponse,
  TopK,
} from '../core/model.ts';
import type { Logger, Metrics, Stage } from '../core/ports.ts';
import type { RequestContext, Search } from '../core/search.ts';
import type { Clock } from '../core/timings.ts';
import { refuseOtherMethods, serverTiming } from './middleware.ts';
import { parseFields, readJsonText } from './parse-request.ts';
import { createQueryParser } from './query-parser.ts';
import { fromQueryString } from './query-string.ts';
import { createRequestContext } from './request-context.ts';
import { noteRequest } from './request-log.ts';
import { headersOf, respondAndLog, respondText } from './respond.ts';
import { writeResponse } from './write-response.ts';

export interface SearchRoutesParts {
  readonly images: Images;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: Clock;
  /** How long one request may take. */
  readonly timeoutMs: number;
  /** Results of one answer, if not as many as the public may ask for. */
  readonly maxTopK?: number;
}

/** The query string of `GET /images/{id}/similar`. */
export const SimilarParams = z.strictObject({ top_k: TopK, score_threshold: ScoreThreshold });

/** `/search` and `/images/{id}`. */
export function createSearchRoutes(search: Search, parts: SearchRoutesParts): Hono {
  const app = new Hono();
  const parse = createQueryParser(parts);
  const searchFor = (c: Context, asked: () => Async<SearchQuery>) =>
    answerSearch(c, parts, async (context) => {
      const query = await asked();
      if (!query.ok) return query;
      context.notes.query = query.value.query;
      return search(query.value, context);
    });

  app.post('/search', (c) =>
    searchFor(c, async () => {
      const text = await readJsonText(c);
      return text.ok ? parse.body(text.value) : text;
    }),
  );
  app.get('/search', (c) => searchFor(c, async () => parse.queryString(new URL(c.req.url).search)));
  app.all('/search', refuseOtherMethods('GET, HEAD, POST'));

  app.get('/images/:id', async (c) => {
    const id = parseFields(z.strictObject({ id: ImageId }), { id: c.req.param('id') });
    const image = id.ok ? await parts.images.get(id.value.id, createRequestContext(c, parts)) : id;
    return image.ok ? c.json(image.value) : respondAndLog(c, parts.logger, image.error);
  });
  app.all('/images/:id', refuseOtherMethods('GET, HEAD, DELETE'));

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
  parts: SearchRoutesParts,
  run: (context: RequestContext) => Async<SearchResponse>,
): Promise<Response> {
  const context = createRequestContext(c, parts);
  const { notes, timings } = context;
  const response = await run(context);
  const headers = headersOf(c);
  headers['Server-Timing'] = serverTiming(timings);
  if (notes.cache !== undefined) headers['X-Cache'] = notes.cache;
  if (!response.ok) {
    noteRequest(c, { ...notes, timings });
    return respondAndLog(c, parts.logger, response.error);
  }
  measure(parts.metrics, context);
  const text = writeResponse(response.value);
  noteRequest(c, { ...notes, timings, responseText: text });
  return c.req.method === 'POST'
    ? respondText(c, text, { headers: { 'Content-Type': 'application/json' } })
    : cacheable(c, response.value, text);
}

const stages: Readonly<Record<string, Stage>> = {
  cache: 'cache',
  remote: 'remote',
  encode: 'embedding',
  search: 'search',
};

function measure(metrics: Metrics, { notes, timings }: RequestContext): void {
  for (const [name, ms] of timings.entries()) {
    const stage = stages[name];
    if (stage !== undefined) metrics.observe(stage, ms);
  }
  metrics.observe('total', timings.elapsed());
  if (notes.cache !== undefined) metrics.countCache(notes.cache);
}

/** A `GET` may be kept by a CDN for a moment, and asked about by its tag. */
function cacheable(c: Context, response: SearchResponse, text: string): Response {
  // The same results are the same answer, however long they took.
  const { latency_ms: _, cached: __, ...lasting } = response;
  const etag = `W/"${hash('sha256', JSON.stringify(lasting), 'base64url').slice(0, 22)}"`;
  // For one key's holder alone, where keys are asked for.
  const forAll = c.get('apiKeyId') === undefined;
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': forAll ? 'public, max-age=0, s-maxage=1' : 'private, max-age=0',
    ETag: etag,
  };
  const known = c.req
    .header('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim());
  if (known?.includes(etag) !== true) return respondText(c, text, { headers });
  return respondText(c, null, { status: 304, headers });
}
