import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createModel,
  createReranking,
  naming,
  rankingCost,
  rankingUsage,
  rerankGuard,
  smallPictures,
} from '../test/support/reranking.ts';
import { failure } from './failure.ts';
import type { Thumbnails } from './llm.ts';
import { err, ok } from './result.ts';

let world: ReturnType<typeof createReranking>;
beforeEach(() => {
  world = createReranking();
});

describe('the thumbnails', () => {
  /** None for the pictures of these numbers. */
  const without = (
    code: 'not_found' | 'objects_unavailable',
    ...missing: number[]
  ): Thumbnails => ({
    of: async (hit, signal) =>
      missing.includes(Number(hit.id)) ? err(failure(code, 'gone')) : smallPictures.of(hit, signal),
  });
  const all = Array.from({ length: 10 }, (_, at) => at + 1);

  it('that cannot be had are not shown, and their pictures keep their places', async () => {
    const { asked, reranker } = naming('5', '4', '2');
    const ask = world.setUp(reranker, { thumbnails: without('not_found', 1, 4, 10) });
    expect((await ask()).order).toBe('1 5 2 4 3');
    expect(asked[0]?.pictures.map(({ id }) => id).join(' ')).toBe('2 3 5 6 7 8 9');
  });

  it('that can be had later are asked for later: what a model says without them is not kept', async () => {
    const { asked, reranker } = naming('2');
    const down = world.setUp(reranker, { thumbnails: without('objects_unavailable', 1, 3) });
    expect((await down()).order).toBe('1 2 3 4 5');
    await world.setUp(reranker)();
    expect(asked.map(({ pictures }) => pictures.length)).toEqual([8, 10]);
    const gone = world.setUp(reranker, { thumbnails: without('not_found', 1) });
    expect((await gone()).outcome?.cached).toBe(true);
  });

  it('that are too large are not shown', async () => {
    const { asked, reranker } = naming('2');
    const bytes = new Uint8Array(512 * 1024);
    const large: Thumbnails = {
      of: async ({ id }) =>
        ok({ bytes: id === '1' ? new Uint8Array(bytes.length + 1) : bytes, type: 'image/webp' }),
    };
    await world.setUp(reranker, { thumbnails: large })();
    expect(asked[0]?.pictures.map(({ id }) => id)).not.toContain('1');
    expect(asked[0]?.pictures).toHaveLength(9);
  });

  it('are too few below two: nobody is asked then', async () => {
    const { asked, reranker } = naming('3');
    let taken = 0;
    const take = async () => ({ used: (taken += 1), limit: 1000 });
    const { guard } = rerankGuard({ quota: { take } });
    const none = without('not_found', ...all.slice(1));
    const gone = world.setUp(reranker, { thumbnails: none, guard });
    expect((await gone()).outcome).toMatchObject({ outcome: 'nothing_found', input_tokens: 0 });
    const broken = without('objects_unavailable', ...all);
    const down = world.setUp(reranker, { thumbnails: broken, guard });
    expect((await down()).outcome?.outcome).toBe('unavailable');
    expect([asked.length, taken]).toEqual([0, 0]);
    await world.setUp(reranker, { guard })();
    expect([asked.length, taken]).toEqual([1, 1]);
  });
});

describe('the same question', () => {
  it('costs nothing again, whoever asked it', async () => {
    const { asked, reranker } = naming('3', '2');
    expect((await world.setUp(reranker)()).outcome?.cached).toBe(false);
    await sleep(1);
    const { order, outcome } = await world.setUp(reranker)();
    expect(order).toBe('3 2 1 4 5');
    expect(outcome).toEqual({
      outcome: 'ok',
      cached: true,
      input_tokens: 0,
      output_tokens: 0,
      cost_usd: 0,
    });
    expect(asked).toHaveLength(1);
  });

  it('is another one of other words, other pictures and another model', async () => {
    const { asked, reranker } = naming('3');
    const ask = world.setUp(reranker);
    await ask();
    await ask({ query: 'a cat' });
    world.find(9);
    await ask();
    await world.setUp({ ...reranker, model: 'other' })();
    expect(asked).toHaveLength(4);
    // How much of it is wanted makes no difference.
    await ask({ top_k: 3 });
    expect(asked).toHaveLength(4);
  });

  it('is asked once for all who ask it at the same time, and one of them pays', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { asked, reranker } = createModel(async () => {
      await promise;
      return ok({ ids: ['3'], usage: rankingUsage });
    });
    const ask = world.setUp(reranker);
    const answers = [ask(), ask(), ask()];
    await sleep(20);
    resolve();
    const outcomes = (await Promise.all(answers)).map(({ order, outcome }) => {
      expect(order).toBe('3 1 2 4 5');
      return outcome?.cost_usd;
    });
    expect(outcomes.toSorted()).toEqual([0, 0, rankingCost]);
    expect(asked).toHaveLength(1);
  });

  it('is asked again where what is kept is none of ours', async () => {
    const { asked, reranker } = naming('3');
    const lying = { ...world.cache, get: async () => ['{"best":"all"}'] };
    expect((await world.setUp(reranker, { cache: lying })()).order).toBe('3 1 2 4 5');
    expect(
      (await world.setUp(reranker, { cache: { ...world.cache, get: async () => undefined } })())
        .order,
    ).toBe('3 1 2 4 5');
    expect(asked).toHaveLength(2);
  });
});
