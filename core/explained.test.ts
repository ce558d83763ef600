import { describe, expect, it } from 'vitest';
import { createMemoryQuota } from '../adapters/memory-quota.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  createExplained,
  createFakeExplainer,
  createHeldExplainer,
  createTestGuard,
  type ProgressEvent,
} from '../test/support/explained.ts';
import { failure } from './failure.ts';
import type { Explainer } from './llm.ts';
import { err, ok } from './result.ts';

const neverAnswers: Explainer = {
  ...createFakeExplainer().explainer,
  explain: () => new Promise(() => {}),
};

const turn = () => new Promise((resolve) => void setImmediate(resolve));

describe('a search that is to be explained', () => {
  it('has the results of the search, and the words', async () => {
    const { explainer, asked } = createFakeExplainer();
    const { ask } = createExplained({ explainer });
    const { results, total, explanation, llm } = expectOk(await ask());
    expect(results.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5', '6']);
    expect([total, explanation]).toEqual([6, 'They fit.']);
    expect(llm).toEqual({
      explanation: {
        outcome: 'ok',
        cached: false,
        input_tokens: 100,
        output_tokens: 10,
        cost_usd: 0.00014,
      },
    });
    expect(asked).toMatchObject([{ query: 'a dog' }]);
    expect(asked[0]?.pictures.map(({ metadata }) => metadata.file_name)).toEqual([
      '1.jpg',
      '2.jpg',
      '3.jpg',
      '4.jpg',
      '5.jpg',
    ]);
  });

  it('is searched for without the wish, so that its answer is the same for all', async () => {
    const { ask, inner } = createExplained({});
    await ask();
    expect(inner).toMatchObject([{ query: 'a dog', include_explanation: false }]);
  });

  it('keeps what others have said of a model', async () => {
    const rerank = createTestGuard().guard.recall();
    const { ask } = createExplained(undefined, {
      search: async () =>
        ok({ ...expectOk(await createExplained(undefined).ask()), llm: { rerank } }),
    });
    expect(expectOk(await ask()).llm).toMatchObject({ rerank, explanation: { outcome: 'off' } });
  });

  it('tells the model of a composed query in words', async () => {
    const { explainer, asked } = createFakeExplainer();
    const { ask } = createExplained({ explainer });
    await ask({
      query: 'a beach',
      texts: [{ text: 'at night' }],
      exclude: ['people', 'dogs'],
      like: ['1', '2'],
    });
    expect(asked[0]?.query).toBe('a beach, at night, without people or dogs, like 2 pictures');
  });
});

describe('nothing is asked', () => {
  it('where nobody wants it', async () => {
    const { explainer, asked } = createFakeExplainer();
    const { ask } = createExplained({ explainer });
    const response = expectOk(await ask({ include_explanation: false }));
    expect(response.llm).toBeUndefined();
    expect([response.explanation, asked]).toEqual([null, []]);
  });

  it('where there is no model, and the answer says so', async () => {
    const response = expectOk(await createExplained(undefined).ask());
    expect(response.llm?.explanation).toMatchObject({ outcome: 'off', cost_usd: null });
    expect(response.results).toHaveLength(6);
  });

  it('where there are no results', async () => {
    const { explainer, asked } = createFakeExplainer();
    const { ask } = createExplained({ explainer }, { results: [] });
    const { llm, explanation } = expectOk(await ask());
    expect([llm?.explanation?.outcome, explanation, asked]).toEqual(['nothing_found', null, []]);
  });

  it('on any page but the first', async () => {
    const { explainer, asked } = createFakeExplainer();
    const { ask } = createExplained({ explainer });
    expect(expectOk(await ask({ cursor: '*' })).explanation).toBe('They fit.');
    const later = expectOk(await ask({ cursor: 'AAAAAAAAAAAAAAAAAAAAAA.10', query: 'a cat' }));
    expect([later.explanation, later.llm, asked.length]).toEqual([null, undefined, 1]);
  });

  it('where the search fails', async () => {
    const { explainer, asked } = createFakeExplainer();
    const search = async () => err(failure('store_unavailable', 'gone'));
    const { ask } = createExplained({ explainer }, { search });
    const events: ProgressEvent[] = [];
    expect(expectFailure(await ask({}, { events })).code).toBe('store_unavailable');
    expect([asked, events]).toEqual([[], []]);
  });
});

describe('whoever watches', () => {
  it('is told of the results before the model is asked, then of the pieces', async () => {
    const events: ProgressEvent[] = [];
    const { explainer } = createFakeExplainer(['They ', 'fit ', 'well.']);
    const explain: Explainer['explain'] = async (...args) => {
      events.push('asked');
      return explainer.explain(...args);
    };
    const { ask } = createExplained({ explainer: { ...explainer, explain } });
    const { explanation } = expectOk(await ask({}, { events }));
    expect(events).toEqual(['results', 'asked', 'They ', 'fit ', 'well.']);
    expect(explanation).toBe('They fit well.');
  });

  it('is told of the results where nothing is asked for, too', async () => {
    const events: ProgressEvent[] = [];
    await createExplained(undefined).ask({ include_explanation: false }, { events });
    await createExplained(undefined).ask({}, { events });
    expect(events).toEqual(['results', 'results']);
  });

  it('is told nothing any more when the deadline has passed', async () => {
    const { explainer, calls } = createHeldExplainer();
    const { guard } = createTestGuard({ timeoutMs: 20 });
    const events: ProgressEvent[] = [];
    const { ask } = createExplained({ explainer, guard });
    const asking = ask({}, { events });
    await turn();
    calls[0]?.say('They ');
    const { explanation, llm } = expectOk(await asking);
    calls[0]?.say('fit.');
    expect(events).toEqual(['results', 'They ']);
    expect([explanation, llm?.explanation?.outcome]).toEqual([null, 'timeout']);
  });
});

describe('the results come all the same', () => {
  it.each([
    ['llm_unavailable', 'unavailable'],
    ['llm_unusable', 'unusable'],
    ['timeout', 'timeout'],
  ] as const)('where the model fails with %s', async (code, outcome) => {
    const explain = async () => err(failure(code, 'no'));
    const { ask } = createExplained({ explainer: { ...neverAnswers, explain } });
    const { results, explanation, llm } = expectOk(await ask());
    expect([results.length, explanation, llm?.explanation?.outcome]).toEqual([6, null, outcome]);
  });

  it('where the model throws', async () => {
    const explain = () => {
      throw new Error('bug');
    };
    const { ask } = createExplained({ explainer: { ...neverAnswers, explain } });
    expect(expectOk(await ask()).llm?.explanation?.outcome).toBe('unusable');
  });

  it('where the model never answers', async () => {
    const { guard } = createTestGuard({ timeoutMs: 20 });
    const { ask } = createExplained({ explainer: neverAnswers, guard });
    expect(expectOk(await ask()).llm?.explanation?.outcome).toBe('timeout');
  });

  it('where whoever asks has no time left', async () => {
    const { ask } = createExplained({ explainer: neverAnswers });
    const response = expectOk(await ask({}, { signal: AbortSignal.timeout(20) }));
    expect(response.results).toHaveLength(6);
    expect(response.llm?.explanation?.outcome).toBe('timeout');
    const aborted = expectOk(await ask({}, { signal: AbortSignal.abort() }));
    expect(aborted.results).toHaveLength(6);
  });

  it('where the quota is used up, and what is kept is still said', async () => {
    const { guard } = createTestGuard({ quota: createMemoryQuota({ limit: 1 }) });
    const { ask } = createExplained({ guard });
    await ask();
    expect(expectOk(await ask()).explanation).toBe('They fit.');
    const { results, explanation, llm } = expectOk(await ask({ query: 'a cat' }));
    expect([results.length, explanation]).toEqual([6, null]);
    expect(llm?.explanation?.outcome).toBe('quota_exhausted');
  });
});
