import { expect, it } from 'vitest';
import type { LlmOutcome } from '../core/model.ts';
import { createResponse } from '../test/support/search-app.ts';
import { writeResponse } from './write-response.ts';

const outcome: LlmOutcome = {
  outcome: 'ok',
  cached: false,
  input_tokens: 1,
  output_tokens: 2,
  cost_usd: null,
};

it('writes what a response has, however often its results were written before', () => {
  const response = createResponse({ results: [], total: 3, latency_ms: 0.125 });
  const variants = [
    response,
    { ...response, cached: true, latency_ms: 7 },
    { ...response, query: 'A "Dog"' },
    { ...response, query: null },
    { ...response, explanation: 'Because of "this".\n' },
    { ...response, llm: { explanation: outcome } },
    { ...response, llm: { explanation: { ...outcome, cached: true } }, explanation: 'Because.' },
    { ...response, llm: undefined },
    { ...response, total: 4 },
    { ...response, more: { of: 'it' } },
    response,
  ];
  for (const variant of variants) expect(JSON.parse(writeResponse(variant))).toEqual(variant);
});

it('writes the results once, whatever a model says of them', () => {
  let written = 0;
  const results = Object.assign([], { toJSON: () => ((written += 1), []) });
  const response = createResponse({ results });
  for (const explanation of [null, 'One.', 'Two.', null]) {
    const llm = { explanation: { ...outcome } };
    expect(JSON.parse(writeResponse({ ...response, explanation, llm }))).toMatchObject({
      explanation,
      llm,
    });
  }
  expect(written).toBe(1);
});
