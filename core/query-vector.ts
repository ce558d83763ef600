import { type Async, failure } from './failure.ts';
import { wordsOf } from './describe-query.ts';
import { createExclusion, type Exclusion } from './exclusion.ts';
import type { IndexSample } from './index-sample.ts';
import type { SearchQuery, Vector } from './model.ts';
import type { Encoder, VectorStore } from './ports.ts';
import { err, ok } from './result.ts';
import { unitSum } from './vector-sums.ts';

/** Found by measuring (`npm run evaluate`); see docs/decisions. */
export const composing = {
  /** What words count beside pictures, both in units of their own spread over the index. */
  words: 1.2,
  /** How far the query moves away from what is excluded, in the same units. */
  away: 0.4,
};

/** UTF-16 units of two texts together: more than any model reads, less than an encoder refuses. */
const most = 4096;

/** The vectors of what a query says in words. */
export interface EncodedWords {
  /** Of all that is searched for; `undefined` where words say nothing of it. */
  readonly words: Vector | undefined;
  readonly excluded: readonly ExcludedText[];
  /** The model could not read one of the texts to its end. */
  readonly truncated: boolean;
}

export interface ExcludedText {
  readonly vector: Vector;
  /**
   * Of the excluded text together with what is searched for; `undefined` where that has no words, or
   * too many.
   */
  readonly within: Vector | undefined;
}

/**
 * All texts in one call of the encoder. What is excluded comes in an order of its own: how it was put
 * changes no answer, not even by rounding.
 */
export async function encodeWords(
  encoder: Encoder,
  query: SearchQuery,
  signal: AbortSignal,
): Async<EncodedWords> {
  const asked = wordsOf(query);
  const exclude = query.exclude.toSorted();
  const said = asked.join(' ');
  const within = said === '' ? [] : exclude.map((text) => `${text} ${said}`.slice(0, most));
  const texts = [...asked, ...exclude, ...within];
  const encoded = texts.length > 0 ? await encoder.encodeTexts(texts, signal) : ok([]);
  if (!encoded.ok) return encoded;
  const vectors = encoded.value.map(({ vector }) => vector);
  const excludedAt = asked.length;
  const withinAt = excludedAt + exclude.length;
  const weights = [...(query.query === '' ? [] : [1]), ...query.texts.map(({ weight }) => weight)];
  return ok({
    words: asked.length > 0 ? unitSum(weighted(vectors.slice(0, excludedAt), weights)) : undefined,
    excluded: vectors.slice(excludedAt, withinAt).map((vector, place) => {
      const both = encoded.value[withinAt + place];
      // One that lost its end would differ from the query by that as well.
      return { vector, within: both?.truncated ? undefined : both?.vector };
    }),
    truncated: encoded.value.slice(0, withinAt).some(({ truncated }) => truncated),
  });
}

/** The stored vectors of the pictures to be like. Fails with `invalid_field` for an unknown id. */
export async function readLiked(
  store: Pick<VectorStore, 'vectors'>,
  like: readonly string[],
  signal: AbortSignal,
): Async<readonly Vector[]> {
  if (like.length === 0) return ok([]);
  const stored = await store.vectors(like, signal);
  if (!stored.ok) return stored;
  const message = 'no picture in the index has this id';
  const errors = like.flatMap((id, place) =>
    stored.value.has(id) ? [] : [{ path: `like.${place}`, message }],
  );
  const said = errors.map(({ path }) => `${path}: ${message}`).join('; ');
  if (errors.length > 0) {
    const detail = `Cannot answer as a field is not valid: ${said}`;
    return err(failure('invalid_field', detail, { errors }));
  }
  return ok(like.toSorted().flatMap((id) => stored.value.get(id) ?? []));
}

/** What the store is asked for. */
export interface Question {
  /** All of it as one vector of unit length. */
  readonly vector: Vector;
  /** That of the words alone, where the score is to be read as that of a text; else `undefined`. */
  readonly words: Vector | undefined;
  readonly exclusions: readonly Exclusion[];
}

/**
 * Composes one vector. Texts lie apart from pictures, and their cosines with pictures vary less: so
 * words and pictures are weighed by how much their cosines vary over the index. A plain mean would
 * hear the pictures alone.
 *
 * @param sample Left out where words alone are searched for, and nothing is excluded.
 * @param best The highest cosine of each excluded text with a picture of the index.
 */
export function compose(
  { words, excluded }: Pick<EncodedWords, 'words' | 'excluded'>,
  liked: readonly Vector[],
  more: { readonly sample?: IndexSample | undefined; readonly best: readonly number[] },
): Question {
  const { sample, best } = more;
  const pictures = liked.length > 0 ? unitSum(weighted(liked)) : undefined;
  const scaled = (vector: Vector, weight: number) => {
    return { vector, weight: sample ? weight / sample.backgroundOf(vector).spread : weight };
  };
  const wanted = unitSum([
    ...(words ? [scaled(words, composing.words)] : []),
    ...(pictures ? [scaled(pictures, 1)] : []),
  ]);
  const wordsAlone = pictures ? undefined : words;
  if (!sample || excluded.length === 0)
    return { vector: wanted, words: wordsAlone, exclusions: [] };
  // One direction, however many texts say it: all texts have much in common, the wanted ones too.
  const away = unitSum(weighted(excluded.map(({ vector }) => vector)));
  return {
    vector: unitSum([scaled(wanted, 1), scaled(away, -composing.away)]),
    words: wordsAlone,
    exclusions: excluded.map((text, place) =>
      createExclusion({ ...text, words, best: best[place] ?? 1 }, sample),
    ),
  };
}

function weighted(vectors: readonly Vector[], weights: readonly number[] = []) {
  return vectors.map((vector, place) => ({ vector, weight: weights[place] ?? 1 }));
}
