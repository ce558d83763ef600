import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { createRecord } from '../test/support/points.ts';
import { requestContext } from '../test/support/request-context.ts';
import { Filters, matchesFilter, parseFilter } from './filter.ts';
import { compareIds } from './image-id.ts';
import { type SearchResponse, SearchQuery } from './model.ts';
import { createSearch } from './search.ts';

const words = ['red', 'green', 'blue', 'small', 'large', 'round'];
const pictures = 90;
const encoder = createFakeEncoder();
const store = createMemoryStore({ dimensions: encoder.model.dimensions });
const search = createSearch({ encoder, store, urlsOf: () => ({ url: '/', thumbnail_url: null }) });

/** Every pair of words several times over, so that some pictures are the same. */
async function fill(): Promise<void> {
  const shows = Array.from({ length: pictures }, (_, n) =>
    [words[n % 6], words[Math.floor(n / 6) % 6], n % 5 === 0 ? `w${n}` : ''].join(' ').trim(),
  );
  const encoded = expectOk(await encoder.encodeTexts(shows));
  const points = encoded.map(({ vector }, n) => {
    const record = createRecord(String(n), { width: n });
    const content = n % 7 === 0 ? 'same' : `of ${n}`;
    return { record: { ...record, origin: { ...record.origin, content } }, vector };
  });
  expectOk(await store.upsert(points));
}
const filled = fill();

const some = <T>(values: fc.Arbitrary<T>) => fc.array(values, { maxLength: 3 });
const word = fc.constantFrom(...words);
const request = fc.record({
  query: word,
  texts: some(fc.record({ text: word, weight: fc.double({ min: 0.1, max: 10, noNaN: true }) })),
  exclude: some(word),
  like: some(fc.integer({ min: 0, max: pictures - 1 }).map(String)),
  diversity: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
  fold_duplicates: fc.boolean(),
  top_k: fc.integer({ min: 1, max: 100 }),
  score_threshold: fc.constantFrom(0, 0.2, 'auto'),
  filters: fc.constantFrom(
    null,
    { width: { lt: 40 } },
    { width: { gte: 10 }, category: 'animals' },
  ),
});

async function ask(asked: object): Promise<SearchResponse['results']> {
  await filled;
  return expectOk(await search(SearchQuery.parse(asked), requestContext())).results;
}

const idsOf = (results: SearchResponse['results']) => results.map(({ id }) => id);

describe('a composed search', () => {
  it('gives every picture once, none of those to be like, none that a filter forbids', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const results = await ask(asked);
        const all = results.flatMap(({ id, duplicates }) => [id, ...duplicates]);
        expect(new Set(all).size).toBe(all.length);
        expect(all.filter((id) => asked.like.includes(id))).toEqual([]);
        expect(results.length).toBeLessThanOrEqual(asked.top_k);
        const filter = parseFilter(Filters.nullable().parse(asked.filters));
        const allowed = results.every(({ metadata }) => matchesFilter(metadata, filter ?? []));
        expect(allowed).toBe(true);
      }),
    );
  });

  it('is in order of score and id, unless it is diversified', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const results = await ask({ ...asked, diversity: 0 });
        const sorted = results.toSorted((a, b) => b.score - a.score || compareIds(a.id, b.id));
        expect(idsOf(results)).toEqual(idsOf(sorted));
      }),
    );
  });

  it('never loses the best by folding, diversity or an automatic cut', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const bare = { ...asked, fold_duplicates: false, diversity: 0, score_threshold: 0 };
        const [best] = await ask(bare);
        const automatic = asked.score_threshold === 0.2 ? 0 : asked.score_threshold;
        const [first] = await ask({ ...asked, score_threshold: automatic });
        expect(first?.id).toBe(best?.id);
        expect(first?.score).toBe(best?.score);
      }),
    );
  });

  it('does nothing else than one sentence does, where it is no more', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ query, top_k, filters }) => {
        const plain = await ask({ query, top_k, filters });
        // A further text that is the query itself makes it a composed search for the same.
        const composed = await ask({ query, texts: [{ text: query }], top_k, filters });
        expect(idsOf(composed)).toEqual(idsOf(plain));
      }),
    );
  });

  it('answers the same, however what is excluded and liked is put', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const turned = { exclude: asked.exclude.toReversed(), like: asked.like.toReversed() };
        expect(await ask({ ...asked, ...turned })).toEqual(await ask(asked));
      }),
    );
  });
});
