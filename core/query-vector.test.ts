import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { createIndexSample, type IndexSample } from './index-sample.ts';
import { SearchQuery, type Vector } from './model.ts';
import { compose, encodeWords } from './query-vector.ts';
import { dot, unitSum } from './vector-sums.ts';

const dimensions = 64;
const random = seededRandom(3);
let sample: IndexSample;

/** Texts say little of pictures: their cosines spread over a tenth of what those of pictures do. */
const textSide = new Float32Array(dimensions).fill(1, 0, 1);
function text(meaning: Vector): Vector {
  return unitSum([
    { vector: textSide, weight: 1 },
    { vector: meaning, weight: 0.1 },
  ]);
}

function pictureOf(): Vector {
  const vector = randomVector(random, dimensions);
  vector[0] = 0;
  return unitSum([
    { vector, weight: 1 },
    { vector, weight: 0 },
  ]);
}

const pictures = Array.from({ length: 300 }, pictureOf);

beforeAll(async () => {
  const store = createMemoryStore({ dimensions });
  await store.upsert(pictures.map((vector, place) => createPoint(String(place), vector)));
  sample = expectOk(await createIndexSample(store)());
});

describe('compose', () => {
  it('hears words and pictures alike, though cosines of texts differ by little', () => {
    const [said, liked] = [pictureOf(), pictureOf()];
    const encoded = { words: text(said), excluded: [] };
    const { vector } = compose(encoded, [liked], { sample, best: [] });
    const rangeOf = (part: Vector) => dot(vector, part);
    // What the text says and what the picture shows count for about as much in what is found.
    expect(rangeOf(said) / rangeOf(liked)).toBeGreaterThan(0.5);
    expect(rangeOf(said) / rangeOf(liked)).toBeLessThan(2);
  });

  it('is the very vector of the words, where they are all there is', () => {
    const words = text(pictureOf());
    expect(compose({ words, excluded: [] }, [], { best: [] })).toEqual({
      vector: words,
      words,
      exclusions: [],
    });
  });

  it('moves away from what is excluded, by no more however many texts say it', () => {
    const words = text(pictureOf());
    const away = text(pictureOf());
    const moved = (count: number) => {
      const excluded = Array.from({ length: count }, () => ({ vector: away, within: undefined }));
      const best = excluded.map(() => 0.5);
      return compose({ words, excluded }, [], { sample, best });
    };
    const gap = unitSum([
      { vector: away, weight: 1 },
      { vector: words, weight: -dot(away, words) },
    ]);
    expect(dot(moved(1).vector, gap)).toBeLessThan(dot(words, gap) - 0.005);
    expect(dot(moved(8).vector, words)).toBeGreaterThan(0.5);
    expect(moved(8).exclusions).toHaveLength(8);
    expect(moved(1).words).toBe(words);
  });
});

describe('encodeWords', () => {
  const encoder = createFakeEncoder({ contextLength: 4 });
  const signal = AbortSignal.timeout(5000);
  const encode = async (query: object) =>
    expectOk(await encodeWords(encoder, SearchQuery.parse(query), signal));

  it('encodes what is excluded together with the query, unless that is too long', async () => {
    const [both] = expectOk(await encoder.encodeTexts(['dog on beach']));
    const [short] = (await encode({ query: 'on beach', exclude: ['dog'] })).excluded;
    expect(short?.within).toEqual(both?.vector);
    const long = await encode({ query: 'dog on a beach', exclude: ['a cat'] });
    expect(long.truncated).toBe(false);
    expect(long.excluded[0]?.within).toBeUndefined();
    const [none] = (await encode({ like: ['1'], exclude: ['a cat'] })).excluded;
    expect(none?.within).toBeUndefined();
  });

  it('sends no text that an encoder elsewhere would refuse, and none where there are none', async () => {
    const lengths: number[] = [];
    const watched = {
      ...encoder,
      encodeTexts(texts: readonly string[]) {
        lengths.push(...texts.map(({ length }) => length));
        return encoder.encodeTexts(texts);
      },
    };
    const query = '🐕'.repeat(512);
    const texts = Array.from({ length: 8 }, () => ({ text: query }));
    const asked = SearchQuery.parse({ query, texts, exclude: [query] });
    expectOk(await encodeWords(watched, asked, signal));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(8192);
    lengths.length = 0;
    expectOk(await encodeWords(watched, SearchQuery.parse({ like: ['1'] }), signal));
    expect(lengths).toEqual([]);
  });
});
