import { hash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { describeQuery } from '../core/describe-query.ts';
import { type Async } from '../core/failure.ts';
import type { Images } from '../core/images.ts';
import {
  ImageId,
  ScoreThreshold,
  type SearchQuery,
  type SearchResponse,
  TopK,
} from '../core/model.ts';
import type { Logger, Metrics } from '../core/ports.ts';
import type { Search } from '../core/search.ts';
import type { Clock } from '../core/timings.ts';
import { acceptsEvents } from './accepts-events.ts';
import { refuseOtherMethods } from './middleware.ts';
import { observeModels, observeSearch, tellOfSearch } from './observe-search.ts';
import { parseFields, readJsonText } from './parse-request.ts';
import { createQueryParser } from './query-parser.ts';
import { fromQueryString } from './query-string.ts';
import { createRequestContext } from './request-context.ts';
import { noteRequest } from './request-log.ts';
import { respondAndLog, respondText, whoMayKeep } from './respond.ts';
import { type AskedSearch, streamSearch } from './search-stream.ts';
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
  /** How long a stream may be silent, if not 10 s. */
  readonly keepAliveMs?: number;
}

/** The query string of `GET /images/{id}/similar`. */
export const SimilarParams = z.strictObject({ top_k: TopK, score_threshold: ScoreThreshold });

/** `/search` and `/images/{id}`. */
export function createSearchRoutes(search: Search, parts: SearchRoutesParts): Hono {
  const app = new Hono();
  const parse = createQueryParser(parts);
  const searchOf =
    (asked: () => Async<SearchQuery>): AskedSearch =>
    async (context) => {
      const query = await asked();
      if (!query.ok) return query;
      context.notes.query = describeQuery(query.value);
      return search(query.value, context);
    };

  const posted = (c: Context) => async () => {
    const text = await readJsonText(c);
    return text.ok ? parse.body(text.value) : text;
  };

  app.post('/search', (c) => {
    const answer = acceptsEvents(c.req.header('accept')) ? streamSearch : answerSearch;
    return answer(c, parts, searchOf(posted(c)));
  });
  app.get('/search', (c) =>
    answerSearch(
      c,
      parts,
      searchOf(async () => parse.queryString(new URL(c.req.url).search)),
    ),
  );
  app.all('/search', refuseOtherMethods('GET, HEAD, POST'));

  addImageRoutes(app, parts);
  return app;
}

function addImageRoutes(app: Hono, parts: SearchRoutesParts): void {
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
}

async function answerSearch(
  c: Context,
  parts: SearchRoutesParts,
  run: AskedSearch,
): Promise<Response> {
  const context = createRequestContext(c, parts);
  const response = await run(context);
  tellOfSearch(c, context);
  if (!response.ok) return respondAndLog(c, parts.logger, response.error);
  observeSearch(parts.metrics, context);
  observeModels(parts.metrics, context, response.value.llm);
  const text = writeResponse(response.value);
  noteRequest(c, { responseText: text });
  return c.req.method === 'POST'
    ? respondText(c, text, { headers: { 'Content-Type': 'application/json' } })
    : cacheable(c, response.value, text);
}

/** A `GET` may be kept by a CDN for a moment, and asked about by its tag. */
function cacheable(c: Context, response: SearchResponse, text: string): Response {
  // The same results are the same answer, however long they took and whatever they cost.
  const { latency_ms: _, cached: __, llm: ___, ...lasting } = response;
  const etag = `W/"${hash('sha256', JSON.stringify(lasting), 'base64url').slice(0, 22)}"`;
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': isWhole(response) ? whoMayKeep(c) : 'no-store',
    ETag: etag,
  };
  const known = c.req
    .header('if-none-match')
    ?.split(',')
    .map((tag) => tag.trim());
  if (known?.includes(etag) !== true) return respondText(c, text, { headers });
  return respondText(c, null, { status: 304, headers });
}

/** What a model could not say this time, it may say the next. */
function isWhole({ llm }: SearchResponse): boolean {
  const outcomes = Object.values(llm ?? {});
  return outcomes.every(({ outcome }) => ['ok', 'off', 'nothing_found'].includes(outcome));
}
