import { createComposedSearch, isPlain } from './composed-search.ts';
import { confidenceOf } from './confidence.ts';
import { type Async } from './failure.ts';
import { parseFilter } from './filter.ts';
import type { Hit, ImageRecord, SearchQuery, SearchResponse } from './model.ts';
import type { CacheState, Calibration, Encoder, Match, VectorStore } from './ports.ts';
import { ok } from './result.ts';
import { thresholdOf } from './score-threshold.ts';
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
  /**
   * All but what a language model will add. Told once more where a model has put the results into
   * another order: the last is final.
   */
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

/**
 * Encodes the text, then searches the vectors. Besides what encoder and store fail with:
 * `invalid_field` where a picture to be like is not in the index.
 */
export function createSearch(parts: {
  readonly encoder: Encoder;
  readonly store: VectorStore;
  readonly urlsOf: UrlsOf;
}): Search {
  const { encoder, urlsOf } = parts;
  const searchPlain = createPlainSearch(parts);
  const searchComposed = createComposedSearch(parts);
  return async (query, context) => {
    const found = await (isPlain(query) ? searchPlain : searchComposed)(query, context);
    if (!found.ok) return found;
    return ok({
      query: query.query || null,
      ...answer(found.value.matches, urlsOf, encoder.model.calibration),
      latency_ms: roundMs(context.timings.elapsed()),
      model: encoder.model.id,
      query_truncated: found.value.truncated,
    });
  };
}

/** One text, one question to the store. */
function createPlainSearch(parts: { readonly encoder: Encoder; readonly store: VectorStore }) {
  const { encoder, store } = parts;
  return async (query: SearchQuery, { signal, timings }: RequestContext): Async<Found> => {
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
    const matches = found.value.map((match) => ({ ...match, wordsScore: match.score }));
    return ok({ matches, truncated: text.truncated });
  };
}

/** A match, and what is known of it besides. */
interface Answered extends Match {
  /** The cosine with words, which is what a calibration reads; left out where there is none. */
  readonly wordsScore?: number | undefined;
  /** Ids of nearly the same pictures. */
  readonly duplicates?: readonly string[];
}

interface Found {
  readonly matches: readonly Answered[];
  readonly truncated: boolean;
}

/** The part of a response that follows from the matches alone. */
export function answer(
  matches: readonly Answered[],
  urlsOf: UrlsOf,
  calibration?: Calibration,
): Pick<SearchResponse, 'results' | 'total' | 'cached' | 'explanation'> {
  const results = matches.map((match) => toHit(match, urlsOf, calibration));
  return { results, total: results.length, cached: false, explanation: null };
}

export function roundMs(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

function toHit(
  { record, score, wordsScore, duplicates = [] }: Answered,
  urlsOf: UrlsOf,
  calibration: Calibration | undefined,
): Hit {
  const isRead = calibration !== undefined && wordsScore !== undefined;
  return {
    id: record.id,
    score,
    confidence: isRead ? confidenceOf(calibration, wordsScore) : null,
    duplicates: [...duplicates],
    metadata: { ...record.metadata, ...urlsOf(record) },
  };
}
