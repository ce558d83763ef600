import { type Async } from './failure.ts';
import { parseFilter } from './filter.ts';
import type { Hit, ImageRecord, SearchQuery, SearchResponse } from './model.ts';
import type { CacheState, Encoder, Match, VectorStore } from './ports.ts';
import { ok } from './result.ts';
import type { Timings } from './timings.ts';

/** What travels with a request besides what was asked. */
export interface RequestContext {
  readonly requestId: string;
  /** Aborted when the deadline passes or the caller leaves. */
  readonly signal: AbortSignal;
  readonly timings: Timings;
  /** What a wrapper has to tell about this request besides its answer. */
  readonly notes: RequestNotes;
  /**
   * The state of the index that the caller knows of. Work that began before the index changed must
   * not be shared with a request that knows of the change.
   */
  readonly generation?: string | undefined;
  /** Is told of an answer as it comes together; left out where the whole answer is waited for. */
  readonly progress?: Progress | undefined;
}

/** Who shows an answer before it is complete. The answer that the search gives at last is whole. */
export interface Progress {
  /** All but what a language model will add; at most once. The results are final. */
  results(response: SearchResponse): void;
  /** The next piece of the explanation, after the results. */
  explanation(piece: string): void;
}

export interface RequestNotes {
  /** Left out where no cache is asked. */
  cache?: CacheState;
  /** What was asked for, for the log. */
  query?: string;
}

/** The one operation. Everything that adds to it takes one and gives one. */
export type Search = (query: SearchQuery, context: RequestContext) => Async<SearchResponse>;

/** Where a person can see a picture: absolute URLs, or paths on this host. */
export interface PictureUrls {
  readonly url: string;
  /** A small version of it; null where none is kept. */
  readonly thumbnail_url: string | null;
}

export type UrlsOf = (record: ImageRecord) => PictureUrls;

/** Encodes the text, then searches the vectors. */
export function createSearch(parts: {
  readonly encoder: Encoder;
  readonly store: VectorStore;
  readonly urlsOf: UrlsOf;
}): Search {
  const { encoder, store, urlsOf } = parts;
  return async (query, { signal, timings }) => {
    const encoded = await timings.measure('encode', () =>
      encoder.encodeTexts([query.query], signal),
    );
    if (!encoded.ok) return encoded;
    const [text] = encoded.value;
    if (text === undefined) throw new Error('The encoder gave no vector for one text');

    const found = await timings.measure('search', (span) =>
      store.query({
        vector: text.vector,
        limit: query.top_k,
        filter: parseFilter(query.filters),
        scoreThreshold: thresholdOf(query.score_threshold),
        traceparent: span?.traceparent,
        signal,
      }),
    );
    if (!found.ok) return found;
    return ok({
      query: query.query,
      ...answer(found.value, urlsOf),
      latency_ms: roundMs(timings.elapsed()),
      model: encoder.model.id,
      query_truncated: text.truncated,
    });
  };
}

/** The part of a response that follows from the matches alone. */
export function answer(
  matches: readonly Match[],
  urlsOf: UrlsOf,
): Pick<SearchResponse, 'results' | 'total' | 'cached' | 'explanation'> {
  const results = matches.map(({ record, score }) => toHit(record, score, urlsOf));
  return { results, total: results.length, cached: false, explanation: null };
}

/** 0 asks for everything: cosines of unrelated pictures may be below it. */
export function thresholdOf(scoreThreshold: number): number | undefined {
  return scoreThreshold === 0 ? undefined : scoreThreshold;
}

export function roundMs(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

function toHit(record: ImageRecord, score: number, urlsOf: UrlsOf): Hit {
  return { id: record.id, score, metadata: { ...record.metadata, ...urlsOf(record) } };
}
