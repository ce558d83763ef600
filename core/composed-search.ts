import {
  type Asked,
  type Candidates,
  diversifiedOf,
  findCandidates,
  wordsScoreOf,
} from './candidates.ts';
import { diversify } from './diversify.ts';
import type { Async } from './failure.ts';
import type { Folded } from './fold-duplicates.ts';
import { createIndexSample } from './index-sample.ts';
import type { SearchQuery } from './model.ts';
import type { Encoder, VectorStore } from './ports.ts';
import {
  compose,
  type EncodedWords,
  encodeWords,
  type Question,
  readLiked,
} from './query-vector.ts';
import { ok } from './result.ts';
import type { RequestContext } from './search.ts';

export interface ComposedMatch extends Folded {
  /** The cosine of the picture with the words alone; `undefined` where pictures say it as well. */
  readonly wordsScore: number | undefined;
}

export interface Composed {
  readonly matches: readonly ComposedMatch[];
  readonly truncated: boolean;
}

/** Whether one text and one question to the store are all there is to it. */
export function isPlain(query: SearchQuery): boolean {
  const { texts, exclude, like, diversity, fold_duplicates, score_threshold } = query;
  const parts = texts.length + exclude.length + like.length;
  return parts === 0 && diversity === 0 && !fold_duplicates && score_threshold !== 'auto';
}

/**
 * Searches for more than one sentence: one vector is composed of it, the store is asked for more than
 * is wanted, and of that are left out what is excluded and what does not belong, duplicates are
 * folded, and what is left is put in order.
 */
export function createComposedSearch(parts: {
  readonly encoder: Encoder;
  readonly store: VectorStore;
}): (query: SearchQuery, context: RequestContext) => Async<Composed> {
  const { encoder, store } = parts;
  const readSample = createIndexSample(store);
  return async (query, { signal, timings }) => {
    const encoded = await timings.measure('encode', () => encodeWords(encoder, query, signal));
    if (!encoded.ok) return encoded;
    return timings.measure('search', async (span) => {
      const sample = needsSample(query) ? await readSample(signal) : ok(undefined);
      if (!sample.ok) return sample;
      const { calibration } = encoder.model;
      const traceparent = span?.traceparent;
      const asked = { store, query, calibration, signal, traceparent, sample: sample.value };
      const question = await ask(asked, encoded.value);
      if (!question.ok) return question;
      const found = await findCandidates(asked, question.value);
      if (!found.ok) return found;
      const matches = arrange(query, found.value).map((match) => {
        const wordsScore = wordsScoreOf(match, question.value, found.value.vectors);
        return { ...match, wordsScore };
      });
      return ok({ matches, truncated: encoded.value.truncated });
    });
  };
}

function needsSample({ query, texts, like, exclude, score_threshold }: SearchQuery): boolean {
  const isMixed = like.length > 0 && (query !== '' || texts.length > 0);
  return isMixed || exclude.length > 0 || score_threshold === 'auto';
}

/** The question that a query is, with all that has to be read for it. */
async function ask(asked: Asked, encoded: EncodedWords): Async<Question> {
  const { store, query, signal, sample } = asked;
  const [liked, ...bests] = await Promise.all([
    readLiked(store, query.like, signal),
    ...encoded.excluded.map(({ vector }) => store.query({ vector, limit: 1, signal })),
  ]);
  if (!liked.ok) return liked;
  const best: number[] = [];
  for (const one of bests) {
    if (!one.ok) return one;
    best.push(one.value[0]?.score ?? 1);
  }
  return ok(compose(encoded, liked.value, { sample, best }));
}

function arrange(query: SearchQuery, { matches, vectors }: Candidates): readonly Folded[] {
  const first = diversifiedOf(query);
  const varied = diversify(matches.slice(0, first), vectors, query.diversity);
  return [...varied, ...matches.slice(first)].slice(0, query.top_k);
}
