import { describe, expect, it } from 'vitest';
import type { LlmOutcome, SearchQuery } from '../core/model.ts';
import { ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { problemOf } from '../test/support/problem.ts';
import { createResponse, createTestApp, post } from '../test/support/search-app.ts';

/** Remembers what it was asked. */
function createAsked() {
  const asked: SearchQuery[] = [];
  const search: Search = async (query) => {
    asked.push(query);
    return ok(createResponse({ query: query.query }));
  };
  return { asked, app: createTestApp({ search }) };
}

describe('the query string of a search', () => {
  it('may say all but weights', async () => {
    const { app, asked } = createAsked();
    const more = 'score_threshold=auto&diversity=0.5&fold_duplicates=true&rerank=true';
    await app.request(`/search?q=a&exclude=12&exclude=b+c&like=1&like=2&${more}`);
    await app.request('/search?like=7&exclude=true');
    expect(asked).toMatchObject([
      {
        query: 'a',
        exclude: ['12', 'b c'],
        like: ['1', '2'],
        score_threshold: 'auto',
        diversity: 0.5,
        fold_duplicates: true,
        rerank: true,
      },
      { query: '', like: ['7'], exclude: ['true'] },
    ]);
  });

  it.each([
    ['score_threshold=1.5', 'score_threshold', 'must be at most 1'],
    ['score_threshold=none', 'score_threshold', 'must be a number, or must be "auto"'],
    ['diversity=2', 'diversity', 'must be at most 1'],
    ['like=abc', 'like.0', 'must be an image id: a decimal number'],
    ['exclude=', 'exclude.0', 'must have at least 1 characters'],
    ['rerank=1', 'rerank', 'must be a boolean'],
    ['rerank=true&rerank=true', 'rerank', 'must be a boolean'],
    ['texts=a', '?texts', 'is not a known field'],
    ['like=1'.concat('&like=1'.repeat(8)), 'like', 'must have at most 8 values'],
  ])('says what is wrong with %s', async (params, path, message) => {
    const { app } = createAsked();
    const { code, errors } = await problemOf(await app.request(`/search?q=a&${params}`));
    expect({ code, errors }).toEqual({ code: 'invalid_field', errors: [{ path, message }] });
  });

  it('has the same tag whatever a model costs for the same words', async () => {
    const outcome: LlmOutcome = {
      outcome: 'ok',
      cached: false,
      input_tokens: 100,
      output_tokens: 20,
      cost_usd: 0.001,
    };
    const tagOf = async (llm: LlmOutcome, explanation: string) => {
      const response = createResponse({ explanation, llm: { explanation: llm } });
      const app = createTestApp({ search: async () => ok(response) });
      return (await app.request('/search?q=a&include_explanation=true')).headers.get('etag');
    };
    const tag = await tagOf(outcome, 'Woof.');
    expect(tag).toMatch(/^W\//);
    expect(await tagOf({ ...outcome, cached: true, cost_usd: 0 }, 'Woof.')).toBe(tag);
    expect(await tagOf(outcome, 'Meow.')).not.toBe(tag);
  });
});

describe('what a CDN may keep', () => {
  it.each([
    ['ok', 'public, max-age=0, s-maxage=1'],
    ['off', 'public, max-age=0, s-maxage=1'],
    ['timeout', 'no-store'],
    ['quota_exhausted', 'no-store'],
  ] as const)('of an answer whose model says %s is %s', async (outcome, header) => {
    const usage = { cached: false, input_tokens: 0, output_tokens: 0, cost_usd: null };
    const response = createResponse({ llm: { rerank: { outcome, ...usage } } });
    const app = createTestApp({ search: async () => ok(response) });
    const answered = await app.request('/search?q=a&rerank=true');
    expect(answered.headers.get('cache-control')).toBe(header);
  });
});

describe('the body of a search', () => {
  it('may begin from weighted texts or from pictures alone', async () => {
    const { app, asked } = createAsked();
    const texts = [{ text: ' a beach ', weight: 2 }, { text: 'sunset' }];
    await app.request('/search', post({ texts }));
    await app.request('/search', post({ like: ['7'], query: '' }));
    expect(asked).toMatchObject([
      {
        query: '',
        texts: [
          { text: 'a beach', weight: 2 },
          { text: 'sunset', weight: 1 },
        ],
      },
      { query: '', like: ['7'] },
    ]);
  });

  it.each([
    [{}, 'query', 'must not be empty where neither texts nor like say what to search for'],
    [
      { exclude: ['a'] },
      'query',
      'must not be empty where neither texts nor like say what to search for',
    ],
    [{ query: 5 }, 'query', 'must be a string'],
    [{ query: 'a', texts: [{ text: 'b', weight: 0 }] }, 'texts.0.weight', 'must be at least 0.1'],
    [{ query: 'a', texts: ['b'] }, 'texts.0', 'must be an object'],
    [{ query: 'a', texts: [{ text: 'b', more: 1 }] }, 'texts.0.more', 'is not a known field'],
    [{ query: 'a', like: [7] }, 'like.0', 'must be a string'],
    [
      { query: 'a', score_threshold: 'Auto' },
      'score_threshold',
      'must be a number, or must be "auto"',
    ],
    [{ query: 'a', score_threshold: -1 }, 'score_threshold', 'must be at least 0'],
    [{ query: 'a', fold_duplicates: 'yes' }, 'fold_duplicates', 'must be a boolean'],
  ])('is told what is wrong with %j', async (body, path, message) => {
    const { app } = createAsked();
    const { code, errors } = await problemOf(await app.request('/search', post(body)));
    expect({ code, errors }).toEqual({ code: 'invalid_field', errors: [{ path, message }] });
  });
});
