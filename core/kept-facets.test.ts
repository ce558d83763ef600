import { expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { requestContext } from '../test/support/request-context.ts';
import type { FacetsSource } from './facets.ts';
import { failure } from './failure.ts';
import { withKeptFacets } from './kept-facets.ts';
import { err, ok } from './result.ts';

/** Says how often it was asked. */
function createCounting(): { readonly source: FacetsSource; readonly generations: unknown[] } {
  const generations: unknown[] = [];
  return {
    generations,
    source: async ({ generation }) => {
      generations.push(generation);
      await Promise.resolve();
      return ok({ facets: [], sampled: 0, total: generations.length });
    },
  };
}

it('facets are counted once a minute, and once for all who ask meanwhile', async () => {
  let nowMs = 0;
  const { source, generations } = createCounting();
  const facets = withKeptFacets(source, { now: () => nowMs });
  const totals = async () => expectOk(await facets(requestContext())).total;
  expect(await Promise.all([totals(), totals(), totals()])).toEqual([1, 1, 1]);
  nowMs = 59_999;
  expect(await totals()).toBe(1);
  nowMs = 60_000;
  expect(await totals()).toBe(2);
  expect(generations).toHaveLength(2);
});

it('facets are counted anew when the index has changed, whoever knows of it', async () => {
  let known: string | undefined = 'one';
  const { source, generations } = createCounting();
  const near = withKeptFacets(source, { now: () => 0, generation: async () => known });
  await near(requestContext());
  known = 'two';
  await near(requestContext());
  await near(requestContext());
  // Those behind it are told.
  expect(generations).toEqual(['one', 'two']);
  const behind = withKeptFacets(source, { now: () => 0 });
  await behind(requestContext({ generation: 'two' }));
  await behind(requestContext({ generation: 'two' }));
  await behind(requestContext({ generation: 'three' }));
  expect(generations).toEqual(['one', 'two', 'two', 'three']);
});

it('a failure to count facets is not kept', async () => {
  let fails = true;
  const source: FacetsSource = async () =>
    fails
      ? err(failure('store_unavailable', 'Cannot count'))
      : ok({ facets: [], sampled: 0, total: 0 });
  const facets = withKeptFacets(source, { now: () => 0 });
  expect(expectFailure(await facets(requestContext())).code).toBe('store_unavailable');
  fails = false;
  expectOk(await facets(requestContext()));
});
