import type { Context } from 'hono';
import * as z from 'zod';
import { type Async, type Failure } from '../core/failure.ts';
import { SearchResponse } from '../core/model.ts';
import type { Logger, Metrics } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import type { Progress, RequestContext } from '../core/search.ts';
import type { Clock, Timings } from '../core/timings.ts';
import { createEventBody, type EventBody } from './event-body.ts';
import { observeModels, observeSearch, tellOfSearch } from './observe-search.ts';
import { createRequestContext } from './request-context.ts';
import { bugOf, logBug, logFailure, problemOf, respondAndLog, respondText } from './respond.ts';
import { writeResponse } from './write-response.ts';

export interface SearchStreamParts {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: Clock;
  /** How long one request may take, its explanation included. */
  readonly timeoutMs: number;
  /** How long a stream may be silent, if not 10 s. */
  readonly keepAliveMs?: number;
}

/** Reads what is asked, and asks it. */
export type AskedSearch = (context: RequestContext) => Async<SearchResponse>;

/** The data of the event `explanation`: its next piece. */
export const ExplanationPiece = z.object({ text: z.string() });

/** The data of the event `done`: what the results did not say yet. */
export const SearchDone = SearchResponse.pick({ explanation: true, llm: true }).extend({
  latency_ms: z.number(),
  /** Milliseconds by stage: `Server-Timing` was sent before the explanation began. */
  timing: z.record(z.string(), z.number()),
});
export type SearchDone = z.infer<typeof SearchDone>;

type Ended =
  | { readonly kind: 'answer'; readonly answer: Result<SearchResponse, Failure> }
  | { readonly kind: 'bug'; readonly error: unknown };

/**
 * Answers with a stream of events: `results` as soon as there are any, and again in the order that a
 * model has put them in; the pieces of the explanation as they come, and `done`; or `error` for what
 * fails after the results. What fails before them is answered as without a stream, as nothing has been
 * said yet.
 */
export async function streamSearch(
  c: Context,
  parts: SearchStreamParts,
  run: AskedSearch,
): Promise<Response> {
  const left = new AbortController();
  const plain = createRequestContext(c, parts);
  const body = createEventBody({
    onLeave: () => left.abort(),
    ...(parts.keepAliveMs !== undefined && { keepAliveMs: parts.keepAliveMs }),
  });
  const { progress, begun } = createProgress(body);
  const signal = AbortSignal.any([plain.signal, left.signal]);
  const context: RequestContext = { ...plain, signal, progress };

  const ended = endOf(run(context));
  const first = await Promise.race([begun, ended]);
  if (first.kind === 'bug' || !first.answer.ok) body.end();
  if (first.kind === 'bug') throw first.error;
  tellOfSearch(c, context);
  if (!first.answer.ok) return respondAndLog(c, parts.logger, first.answer.error);
  progress.results(first.answer.value);
  observeSearch(parts.metrics, context);
  finish(c, parts, { body, context, progress, ended }).catch((error: unknown) => {
    logBug(c, parts.logger, error);
    body.end();
  });
  return respondText(c, body.stream, {
    headers: {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      // What stands between must not wait until there is more to send.
      'X-Accel-Buffering': 'no',
    },
  });
}

/** Writes what it is told, and the same results once. */
function createProgress(body: EventBody) {
  const { promise: begun, resolve } = Promise.withResolvers<Ended>();
  let last: SearchResponse | undefined;
  const progress: Progress = {
    results(response) {
      if (last && showsSame(last, response)) return;
      last = response;
      body.send('results', writeResponse({ ...response, explanation: null }));
      resolve({ kind: 'answer', answer: ok(response) });
    },
    explanation: (text) => body.send('explanation', JSON.stringify({ text })),
  };
  return { progress, begun };
}

/** The same pictures in the same order; what else is new of them, `done` says. */
function showsSame(one: SearchResponse, other: SearchResponse): boolean {
  if (one.results === other.results) return true;
  return (
    one.results.length === other.results.length &&
    one.next_cursor === other.next_cursor &&
    one.results.every(({ id }, place) => id === other.results[place]?.id)
  );
}

function endOf(answer: Async<SearchResponse>): Promise<Ended> {
  return answer.then(
    (value) => ({ kind: 'answer', answer: value }),
    (error: unknown) => ({ kind: 'bug', error }),
  );
}

async function finish(
  c: Context,
  { logger, metrics }: SearchStreamParts,
  begun: {
    readonly body: EventBody;
    readonly context: RequestContext;
    readonly progress: Progress;
    readonly ended: Promise<Ended>;
  },
): Promise<void> {
  const { body, context, progress } = begun;
  const end = await begun.ended;
  if (end.kind === 'bug') {
    logBug(c, logger, end.error);
    body.send('error', JSON.stringify(bugOf(c)));
  } else if (end.answer.ok) {
    const { explanation, llm, latency_ms } = end.answer.value;
    progress.results(end.answer.value);
    observeModels(metrics, context, llm);
    const done: SearchDone = { explanation, llm, latency_ms, timing: timingOf(context.timings) };
    body.send('done', JSON.stringify(done));
  } else {
    logFailure(c, logger, end.answer.error);
    body.send('error', JSON.stringify(problemOf(c, end.answer.error)));
  }
  body.end();
}

/** What `Server-Timing` says of an answer that comes whole. */
function timingOf(timings: Timings): Readonly<Record<string, number>> {
  const entries = [...timings.entries(), ['total', timings.elapsed()] as const];
  return Object.fromEntries(entries.map(([stage, ms]) => [stage, Math.round(ms * 1000) / 1000]));
}
