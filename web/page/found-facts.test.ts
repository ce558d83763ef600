import { expect, test } from 'vitest';
import { factsOfHit, timingFacts } from './found-facts.ts';
import { likelihood, percent } from './likelihood.ts';

test('A calibrated result says how likely it is, and its exact similarity', () => {
  expect(factsOfHit({ score: 0.31234, confidence: 0.92 })).toEqual([
    ['Match', 'Very likely (92 %)'],
    ['Similarity', '0.3123 (cosine)'],
  ]);
  expect(factsOfHit({ score: 0.2, confidence: null })).toEqual([['Similarity', '0.2000 (cosine)']]);
});

test('Likelihood falls with confidence, and nothing is certain', () => {
  expect([1, 0.7, 0.5, 0.1, 0].map(likelihood)).toEqual([
    'Very likely',
    'Likely',
    'Possible',
    'Unlikely',
    'Unlikely',
  ]);
  expect([0, 0.004, 0.5, 1].map(percent)).toEqual(['1 %', '1 %', '50 %', '99 %']);
});

test('A search says how long it and its stages took, and whether it was cached', () => {
  const timing = { encode: 2.14, search: 0.6, total: 3.2 };
  expect(timingFacts({ latencyMs: 3.21, cached: false, timing })).toEqual([
    ['Search took', '3.2 ms'],
    ['Of that', 'reading the query 2.1 ms, comparing 0.6 ms'],
  ]);
  expect(timingFacts({ latencyMs: 0.4, cached: true, timing: {} })).toEqual([
    ['Search took', '0.4 ms, from the cache'],
  ]);
});
