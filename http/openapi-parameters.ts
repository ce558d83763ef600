import { type Answer, json, type Json, parameter } from './openapi-parts.ts';

export function topKUpTo(maximum: number): Json {
  const schema = { type: 'integer', minimum: 1, maximum, default: 10 };
  return parameter('top_k', schema, 'How many results at most');
}

const cosine = { type: 'number', minimum: 0, maximum: 1 };

export const scoreThreshold = parameter(
  'score_threshold',
  { ...cosine, default: 0 },
  'Leave out results below this cosine similarity',
);

/** A search by words knows which results don't belong. */
export const searchThreshold = parameter(
  'score_threshold',
  { anyOf: [cosine, { const: 'auto' }], default: 0 },
  'Leave out results below this cosine similarity; auto: those that do not belong',
);

export const idParameter: Json = {
  ...parameter(
    'id',
    { type: 'string', pattern: '^(0|[1-9]\\d{0,19})$' },
    'An image id: a decimal number below 2 to the power of 64',
    true,
  ),
  in: 'path',
};

export const ifNoneMatch: Json = {
  ...parameter('If-None-Match', { type: 'string' }, 'ETags of answers that the caller has'),
  in: 'header',
};

export const found: Answer = {
  description: 'The nearest pictures, best first',
  content: json('SearchResponse'),
  headers: ['Server-Timing', 'X-Cache'],
};

export const unchanged: Answer = {
  description: 'Nothing has changed since the ETag that was sent',
  headers: ['ETag', 'Cache-Control'],
};
