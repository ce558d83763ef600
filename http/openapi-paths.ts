import { Cursor } from '../core/cursor.ts';
import { SearchQuery } from '../core/model.ts';
import { found, ifNoneMatch, searchThreshold, topKUpTo, unchanged } from './openapi-parameters.ts';
import {
  type Answer,
  events,
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

/** What a query string has besides the words: as in the body. */
const refinements: readonly Json[] = [
  list('exclude', 'What pictures must not show'),
  list('like', 'Ids of pictures that results are to be like'),
  parameter(
    'diversity',
    { type: 'number', minimum: 0, maximum: 1, default: 0 },
    'How much results are to differ from each other',
  ),
  flag('fold_duplicates', 'One result in place of several of nearly the same picture'),
  searchThreshold,
  flag('rerank', 'Whether a vision model puts the best results in order'),
  flag('include_explanation', 'Whether a language model says why the best results fit'),
];

export function searchPaths(maxTopK: number): Json {
  const post = operation('POST', '/search', {
    summary: 'Search pictures by text, by what they must not show, and by pictures',
    requestBody: { required: true, content: json('SearchQuery', exampleQuery) },
    answers: { 200: streamed },
    failures: [
      'not_json',
      'body_too_large',
      'unsupported_media_type',
      'invalid_field',
      ...paging,
      ...searching,
    ],
  });
  const words = 'The query; may be left out where like says it all';
  const read = {
    summary: 'The same, in a form that a CDN can keep',
    parameters: [
      parameter('q', { type: 'string', minLength: 1, maxLength: 512 }, words, true),
      topKUpTo(maxTopK),
      ...refinements,
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

const exampleQuery = { query: 'a beach', exclude: ['people'], top_k: 5, score_threshold: 'auto' };

const streamed: Answer = {
  ...found,
  description:
    'The nearest pictures, best first; or the same as events, where Accept names text/event-stream: results, once more where a model has put them in another order, then pieces of the explanation, then done, or error for what fails after the results',
  content: {
    ...found.content,
    ...events(
      {
        results: 'SearchResponse',
        explanation: 'ExplanationPiece',
        done: 'SearchDone',
        error: 'Problem',
      },
      'event: results\ndata: {"query":"a dog","results":[…],…}\n\nevent: explanation\ndata: {"text":"Both "}\n\nevent: done\ndata: {"explanation":"Both …",…}\n\n',
    ),
  },
};

function list(name: string, description: string): Json {
  const items = schemaOf(SearchQuery, 'input')['properties'] as Readonly<Record<string, Json>>;
  return { ...parameter(name, items[name] ?? {}, description), style: 'form', explode: true };
}

function flag(name: string, description: string): Json {
  return parameter(name, { type: 'boolean', default: false }, description);
}

export function facetPaths(): Json {
  return readPath('/facets', {
    summary: 'What pictures can be filtered by: keys with few values, and how frequent these are',
    answers: {
      200: {
        description: 'Counted in a sample of at most 5,000 pictures',
        content: json('Facets', exampleFacets),
        headers: ['Server-Timing', 'Cache-Control'],
      },
    },
    failures: ['not_found', ...searching],
  });
}

const exampleFacets = {
  facets: [{ key: 'category', values: [{ value: 'animals', count: 120 }] }],
  sampled: 1400,
  total: 1400,
};

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
