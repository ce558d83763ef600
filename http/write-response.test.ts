import { expect, it } from 'vitest';
import { createResponse } from '../test/support/search-app.ts';
import { writeResponse } from './write-response.ts';

it('writes what a response has, however often its results were written before', () => {
  const response = createResponse({ results: [], total: 3, latency_ms: 0.125 });
  const variants = [
    response,
    { ...response, cached: true, latency_ms: 7 },
    { ...response, query: 'A "Dog"' },
    { ...response, query: null },
    { ...response, explanation: 'Because.' },
    { ...response, total: 4 },
    { ...response, more: { of: 'it' } },
    response,
  ];
  for (const variant of variants) expect(JSON.parse(writeResponse(variant))).toEqual(variant);
});
