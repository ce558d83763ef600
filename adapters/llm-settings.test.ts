import { describe, expect, it } from 'vitest';
import { parseEnv } from '../core/env.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { checkLlmSettings, explanationAccess, LlmSettings, rerankAccess } from './llm-settings.ts';

const Config = LlmSettings.superRefine(checkLlmSettings);
const read = (env: Readonly<Record<string, string>>) => expectOk(parseEnv(Config, env));
const refusal = (env: Readonly<Record<string, string>>) =>
  expectFailure(parseEnv(Config, env)).detail;
const google = 'https://generativelanguage.googleapis.com/v1beta/openai';

describe('the settings of language models', () => {
  it('ask none where nothing is said', () => {
    const settings = read({});
    expect([explanationAccess(settings), rerankAccess(settings)]).toEqual([undefined, undefined]);
  });

  it('explain by OpenAI with a key alone', () => {
    expect(explanationAccess(read({ LLM_ENABLED: 'true', OPENAI_API_KEY: ' sk-1\n' }))).toEqual({
      model: 'gpt-4o-mini',
      baseUrl: undefined,
      apiKey: 'sk-1',
      timeoutMs: 5000,
      dailyQuota: 1000,
      prices: { input: 0.15, output: 0.6 },
    });
  });

  it('have a price where one of the two is set', () => {
    const env = { LLM_ENABLED: 'true', OPENAI_API_KEY: 'sk-1', LLM_OUTPUT_PRICE: '0.6' };
    expect(explanationAccess(read(env))?.prices).toEqual({ input: 0, output: 0.6 });
    const other = { LLM_ENABLED: 'true', OPENAI_API_KEY: 'sk-1', LLM_MODEL: 'another' };
    expect(explanationAccess(read(other))?.prices).toBeUndefined();
  });

  it.each([
    [{ LLM_ENABLED: 'true' }, 'OPENAI_API_KEY: must be set where LLM_ENABLED is true, unless'],
    [
      { LLM_ENABLED: 'true', OPENAI_BASE_URL: 'https://eu.api.openai.com/v1' },
      'OPENAI_API_KEY: must be set where LLM_ENABLED is true, unless',
    ],
    [
      { RERANK_ENABLED: 'true' },
      'RERANK_API_KEY: must be set where RERANK_ENABLED is true and gemini-1.5-flash is asked at generativelanguage.googleapis.com',
    ],
    [
      { RERANK_ENABLED: 'true', RERANK_MODEL: 'gpt-4o-mini' },
      'RERANK_API_KEY: must be set where RERANK_ENABLED is true and gpt-4o-mini is asked at api.openai.com',
    ],
    [
      { OPENAI_BASE_URL: 'localhost:11434' },
      'OPENAI_BASE_URL: must be the address of an API, such as http://localhost:11434/v1',
    ],
  ])('refuse %j', (env, message) => {
    expect(refusal(env)).toContain(message);
  });

  it('need no key of an endpoint of somebody’s own', () => {
    const local = { LLM_ENABLED: 'true', OPENAI_BASE_URL: 'http://localhost:11434/v1' };
    expect(explanationAccess(read(local))).toMatchObject({ apiKey: undefined });
  });

  it('look at pictures by Google where nothing else is said, and send it no key of OpenAI', () => {
    const both = { RERANK_ENABLED: 'true', OPENAI_API_KEY: 'sk-1', RERANK_API_KEY: 'AIza' };
    expect(rerankAccess(read(both))).toMatchObject({
      model: 'gemini-1.5-flash',
      baseUrl: google,
      apiKey: 'AIza',
      timeoutMs: 4000,
    });
    expect(refusal({ RERANK_ENABLED: 'true', OPENAI_API_KEY: 'sk-1' })).toContain('RERANK_API_KEY');
  });

  it('look at pictures where explanations come from, with the same key', () => {
    const shared = { RERANK_ENABLED: 'true', OPENAI_BASE_URL: google, OPENAI_API_KEY: 'AIza' };
    expect(rerankAccess(read(shared))).toMatchObject({ baseUrl: google, apiKey: 'AIza' });
  });

  it('send the key of one endpoint to no other', () => {
    const apart = {
      RERANK_ENABLED: 'true',
      RERANK_BASE_URL: 'http://localhost:9000/v1',
      OPENAI_API_KEY: 'sk-1',
    };
    expect(rerankAccess(read(apart))).toMatchObject({ apiKey: undefined });
  });
});
