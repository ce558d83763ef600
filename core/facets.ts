import * as z from 'zod';
import { abortFailure, type Async } from './failure.ts';
import { Filters } from './filter.ts';
import type { ImageRecord } from './model.ts';
import type { VectorStore } from './ports.ts';
import { err, ok } from './result.ts';
import type { RequestContext } from './search.ts';

export const FacetValue = z.union([z.string(), z.number(), z.boolean()]);
export type FacetValue = z.infer<typeof FacetValue>;

/** What pictures can be filtered by: the answer of `GET /facets`. */
export const Facets = z.object({
  /** By the pictures that have one of the values, most first. */
  facets: z.array(
    z.object({
      /** A key of the metadata: what a filter is called. */
      key: z.string(),
      /** Most frequent first; `count` is of the pictures that were looked at. */
      values: z.array(z.object({ value: FacetValue, count: z.int() })),
    }),
  ),
  /** Pictures that were looked at. */
  sampled: z.int(),
  /** Pictures in the index. */
  total: z.int(),
});
export type Facets = z.infer<typeof Facets>;

/** Fails as a store's look at records does. */
export type FacetsSource = (
  context: Pick<RequestContext, 'signal' | 'requestId' | 'timings' | 'generation'>,
) => Async<Facets>;

export interface FacetLimits {
  /** Records that are looked at. Ids are hashes, so that any part of them is a fair sample. */
  readonly records: number;
  /** A key with more values tells pictures apart, and narrows nothing. */
  readonly values: number;
  readonly keys: number;
}

const usual: FacetLimits = { records: 5000, values: 30, keys: 12 };

/** A value that nobody could read in a list of them. */
const longestValue = 64;

/** Says the same of nearly every picture, or something else of each. */
const never: ReadonlySet<string> = new Set([
  'file_path',
  'file_name',
  's3_key',
  'width',
  'height',
  'url',
  'thumbnail_url',
]);

/** Counts what a bounded sample of the store's pictures has in their metadata. */
export function createFacets(
  store: Pick<VectorStore, 'scan' | 'count'>,
  limits: FacetLimits = usual,
): FacetsSource {
  return async ({ signal, timings }) => {
    const counted = await store.count(signal);
    if (!counted.ok) return counted;
    const tally = createTally(limits);
    const failed = await timings.measure('facets', async () => {
      for await (const page of store.scan(signal)) {
        if (!page.ok) return page;
        if (signal.aborted) return err(abortFailure(signal));
        for (const record of page.value.slice(0, limits.records - tally.sampled())) {
          tally.add(record);
        }
        if (tally.sampled() >= limits.records) break;
      }
      return undefined;
    });
    if (failed) return failed;
    const sampled = tally.sampled();
    return ok({ facets: tally.facets(), sampled, total: Math.max(sampled, counted.value) });
  };
}

function createTally(limits: FacetLimits) {
  const keys = new Map<string, Map<FacetValue, number>>();
  let sampled = 0;

  function addValue(key: string, value: FacetValue): void {
    const counts = keys.get(key) ?? new Map<FacetValue, number>();
    keys.set(key, counts);
    // One past the limit is enough to see that it is none: a key of free text must not fill memory.
    if (counts.size <= limits.values || counts.has(value)) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }

  return {
    sampled: () => sampled,
    add({ metadata }: ImageRecord): void {
      sampled += 1;
      for (const [key, value] of Object.entries(metadata)) {
        if (never.has(key) || value === null) continue;
        const values = new Set(Array.isArray(value) ? value.slice(0, limits.values + 1) : [value]);
        for (const each of values) addValue(key, each);
      }
    },
    facets(): Facets['facets'] {
      return [...keys]
        .filter(([key, counts]) => isFacet(counts, sampled, limits) && isFilter(key))
        .map(([key, counts]) => ({ key, values: [...counts].map(toCount).sort(byCount), counts }))
        .sort((a, b) => countAll(b.counts) - countAll(a.counts) || (a.key < b.key ? -1 : 1))
        .slice(0, limits.keys)
        .map(({ key, values }) => ({ key, values }));
    },
  };
}

/** Few values, each of a length to be read, and some of them of more than one picture. */
function isFacet(
  counts: ReadonlyMap<FacetValue, number>,
  sampled: number,
  { values }: FacetLimits,
): boolean {
  if (counts.size > values) return false;
  if ([...counts.keys()].some((value) => String(value).length > longestValue)) return false;
  // What every picture has alike narrows nothing; what each has of its own is a name.
  const isAlike = counts.size === 1 && countAll(counts) === sampled;
  const isName = sampled > 1 && [...counts.values()].every((count) => count === 1);
  return !isAlike && !isName;
}

/** Not every key of a picture's metadata is one that a filter may have. */
function isFilter(key: string): boolean {
  return Filters.safeParse({ [key]: '' }).success;
}

function toCount([value, count]: readonly [FacetValue, number]) {
  return { value, count };
}

function byCount(
  a: { readonly value: FacetValue; readonly count: number },
  b: { readonly value: FacetValue; readonly count: number },
): number {
  return b.count - a.count || (String(a.value) < String(b.value) ? -1 : 1);
}

function countAll(counts: ReadonlyMap<FacetValue, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
