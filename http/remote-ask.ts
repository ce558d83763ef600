import type { Async, FailureCode } from '../core/failure.ts';
import type { Images } from '../core/images.ts';
import { Facets, type FacetsSource } from '../core/facets.ts';
import { Image, limits, SearchQuery, SearchResponse } from '../core/model.ts';
import type { Span } from '../core/tracing.ts';
import type { RequestContext, Search } from '../core/search.ts';
import type { RemoteCall, RemoteCaller } from './remote-caller.ts';

type Question<T> = Omit<RemoteCall<T>, 'headers' | 'leftMs' | 'signal' | 'onAnswer'>;

/** Asks the service on behalf of a request. */
export type RemoteAsk = <T>(question: Question<T>, context: AskingContext) => Async<T>;

type AskingContext = Pick<RequestContext, 'requestId' | 'signal' | 'timings' | 'generation'>;

/** Codes that no search and no look at a picture ends with: whoever says so is somebody else. */
const nowhere: readonly FailureCode[] = ['method_not_allowed', 'cancelled'];
const foreignToSearch = new Set<FailureCode>([...nowhere, 'not_found']);
const foreignToImages = new Set<FailureCode>(nowhere);

/** Sends along what the service has to know of a request, and adds what it tells of its stages. */
export function createRemoteAsk(
  caller: RemoteCaller,
  options: { readonly headers: Readonly<Record<string, string>>; readonly timeoutMs: number },
): RemoteAsk {
  return (question, context) =>
    context.timings.measure(
      'remote',
      async (span) => {
        const answered = await caller.call({
          ...question,
          headers: { ...options.headers, ...headersOf(context, span) },
          leftMs: options.timeoutMs - context.timings.elapsed(),
          signal: context.signal,
          onAnswer: ({ headers }) => addStages(headers['server-timing'], context),
        });
        span?.label('outcome', answered.ok ? 'ok' : answered.error.code);
        return answered;
      },
      'client',
    );
}

/** Of the longest list, with 64 KiB of metadata for each result. */
const maxListBytes = 72 * 1024 * 1024;

export function createRemoteSearchOn(ask: RemoteAsk): Search {
  return (query, context) => {
    const isList = query.top_k > limits.topK;
    return ask(
      {
        method: 'POST',
        path: '/search',
        body: JSON.stringify(toBody(query)),
        schema: SearchResponse,
        foreign: foreignToSearch,
        // A whole list takes longer than an answer, and more bytes.
        hedged: !isList,
        ...(isList && { maxAnswerBytes: maxListBytes }),
      },
      context,
    );
  };
}

const defaults: Readonly<Record<string, unknown>> = {
  ...SearchQuery.parse({ query: 'any' }),
  query: '',
};

const keptHere: ReadonlySet<string> = new Set(['cursor', 'include_explanation', 'rerank']);

/**
 * Pages are not cut there, and no language model is asked. What is as it always is, is left out: a
 * service that is older than this process refuses fields that it does not know.
 */
function toBody(query: SearchQuery): Readonly<Record<string, unknown>> {
  const said = Object.entries(query).filter(
    ([name, value]) =>
      !keptHere.has(name) && (Array.isArray(value) ? value.length > 0 : value !== defaults[name]),
  );
  return Object.fromEntries(said);
}

/** A service that is older than this process has none, and says `not_found`. */
export function createRemoteFacets(ask: RemoteAsk): FacetsSource {
  const get = { method: 'GET', path: '/facets', foreign: foreignToImages, hedged: false } as const;
  return (context) => ask({ ...get, schema: Facets }, context);
}

export function createRemoteImages(ask: RemoteAsk): Images {
  const get = { method: 'GET', foreign: foreignToImages, hedged: false } as const;
  return {
    get: (id, context) => ask({ ...get, path: `/images/${id}`, schema: Image }, context),
    similar({ id, ...rest }, context) {
      const { top_k, score_threshold } = rest;
      const params = `top_k=${top_k}&score_threshold=${score_threshold}`;
      const path = `/images/${id}/similar?${params}`;
      return ask({ ...get, path, schema: SearchResponse }, context);
    },
  };
}

function headersOf({ requestId, generation }: AskingContext, span: Span | undefined) {
  return {
    'X-Request-Id': requestId,
    ...(span && { traceparent: span.traceparent }),
    ...(generation !== undefined && { 'X-Index-Generation': generation }),
  };
}

const stages = /(?:^|,)\s*(encode|search|total)\s*;\s*dur=(\d+(?:\.\d+)?)/g;

function addStages(serverTiming: string | string[] | undefined, { timings }: AskingContext): void {
  for (const [, stage, ms] of String(serverTiming ?? '').matchAll(stages)) {
    // Its whole time is one part of ours.
    if (stage !== undefined) timings.add(stage === 'total' ? 'service' : stage, Number(ms));
  }
}
