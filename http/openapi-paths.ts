import { Cursor } from '../core/cursor.ts';
import { found, ifNoneMatch, scoreThreshold, topKUpTo, unchanged } from './openapi-parameters.ts';
import {
  json,
  type Json,
  operation,
  parameter,
  readPath,
  schemaOf,
  searching,
} from './openapi-parts.ts';

const cursor = parameter(
  'cursor',
  schemaOf(Cursor, 'input'),
  'To read page by page: * begins, and the next_cursor of a page asks for the next',
);
/** What whoever asks with a cursor may meet besides. */
const paging = ['cursor_expired', 'cursor_unavailable'] as const;

/** An exploded object: the names of its properties are the names in the query string. */
const filters: Json = {
  ...parameter(
    'filter',
    {
      type: 'object',
      patternProperties: {
        '^filter\\.(?!__)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$': {
          anyOf: [
            { type: 'string', maxLength: 512 },
            { type: 'array', items: { type: 'string', maxLength: 512 }, minItems: 1, maxItems: 50 },
          ],
        },
      },
      additionalProperties: false,
      maxProperties: 16,
    },
    'filter.category=animals; filter.width.gte=640 (or gt, lte, lt, not); repeated: any of',
  ),
  style: 'form',
  explode: true,
};

export function searchPaths(maxTopK: number): Json {
  const post = operation('POST', '/search', {
    summary: 'Search pictures by text',
    requestBody: { required: true, content: json('SearchQuery') },
    answers: { 200: found },
    failures: [
      'not_json',
      'body_too_large',
      'unsupported_media_type',
      'invalid_field',
      ...paging,
      ...searching,
    ],
  });
  const read = {
    summary: 'The same, in a form that a CDN can keep',
    parameters: [
      parameter('q', { type: 'string', minLength: 1, maxLength: 512 }, 'The query', true),
      topKUpTo(maxTopK),
      scoreThreshold,
      parameter('include_explanation', { type: 'boolean', default: false }, 'As in the body'),
      cursor,
      filters,
      ifNoneMatch,
    ],
    answers: {
      200: { ...found, headers: [...(found.headers ?? []), 'ETag', 'Cache-Control'] },
      304: { ...unchanged, headers: [...(unchanged.headers ?? []), 'Server-Timing', 'X-Cache'] },
    },
    failures: ['invalid_field', ...paging, ...searching],
  } as const;
  return readPath('/search', read, { post });
}

const alive: Json = {
  type: 'object',
  required: ['status'],
  properties: { status: { const: 'alive' } },
  additionalProperties: false,
};

export function operationsPaths(): Json {
  const health = { description: 'State of the parts', content: json('Health') };
  const answers = { 200: health, 503: health };
  return {
    ...readPath('/health', { summary: 'Whether it can search', answers }),
    ...readPath('/readyz', { summary: 'The same, for load balancers', answers }),
    ...textPath('/livez', 'Whether the process answers', {
      'application/json': { schema: alive },
    }),
    ...readPath('/stats', {
      summary: 'Latencies of the last 10,000 searches, and the collection',
      answers: { 200: { description: 'Numbers', content: json('Stats') } },
      failures: searching,
    }),
    ...textPath('/metrics', 'Metrics for Prometheus', { 'text/plain': {} }),
    ...textPath('/openapi.json', 'This document', {
      'application/json': { schema: { type: 'object' } },
    }),
    ...textPath('/docs', 'The same, for people', { 'text/html': {} }),
    ...textPath('/docs.css', 'How that page looks', { 'text/css': {} }),
  };
}

/** What is there whatever is asked of it. */
function textPath(path: string, summary: string, content: Json): Json {
  return readPath(path, { summary, answers: { 200: { description: 'Always', content } } });
}
