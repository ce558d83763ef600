import * as z from 'zod';
import { type FailureCode, failures } from '../core/failure.ts';
import { Image, SearchQuery, SearchResponse } from '../core/model.ts';
import { Health } from './health.ts';
import { Stats } from './stats.ts';

type Json = Readonly<Record<string, unknown>>;

/** RFC 9457, as every failure of this API is answered. */
const problem: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'One sentence: what is wrong and with which value' },
    code: { type: 'string', enum: [...Object.keys(failures), 'internal'] },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

/** The OpenAPI 3.1 document of this API, made from the schemas that check it. */
export function createOpenApiDocument(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Picture search',
      version: '1',
      description: 'Type words, get pictures. All bodies are JSON; errors are RFC 9457 problems.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths: { ...searchPaths(), ...imagePaths(), ...operationsPaths() },
    components: {
      schemas: {
        SearchQuery: schemaOf(SearchQuery, 'input'),
        SearchResponse: schemaOf(SearchResponse, 'output'),
        Image: schemaOf(Image, 'output'),
        Health: schemaOf(Health, 'output'),
        Stats: schemaOf(Stats, 'output'),
        Problem: problem,
      },
    },
  };
}

const topK = parameter(
  'top_k',
  { type: 'integer', minimum: 1, maximum: 100, default: 10 },
  'How many results at most',
);
const scoreThreshold = parameter(
  'score_threshold',
  { type: 'number', minimum: 0, maximum: 1, default: 0 },
  'Leave out results below this cosine similarity',
);

const searchFailures = [
  'invalid_field',
  'rate_limited',
  'overloaded',
  'encoder_unavailable',
  'store_unavailable',
  'timeout',
] as const satisfies readonly FailureCode[];

function searchPaths(): Json {
  return {
    '/search': {
      post: {
        summary: 'Search pictures by text',
        requestBody: { required: true, content: json('SearchQuery') },
        responses: {
          200: { description: 'The nearest pictures, best first', content: json('SearchResponse') },
          ...problems('not_json', 'body_too_large', 'unsupported_media_type', ...searchFailures),
        },
      },
      get: {
        summary: 'The same, in a form that a CDN can keep',
        parameters: [
          parameter('q', { type: 'string' }, 'The query, 1 to 512 characters', true),
          topK,
          scoreThreshold,
          {
            ...parameter(
              'filter',
              { type: 'object' },
              'filter.category=animals, filter.width.gte=640; repeated: any of',
            ),
            style: 'form',
            explode: true,
          },
        ],
        responses: {
          200: { description: 'The nearest pictures, best first', content: json('SearchResponse') },
          304: { description: 'Nothing has changed since the ETag that was sent' },
          ...problems(...searchFailures),
        },
      },
    },
  };
}

function imagePaths(): Json {
  const id = { ...parameter('id', { type: 'string' }, 'An image id', true), in: 'path' };
  return {
    '/images/{id}': {
      get: {
        summary: 'What is known of one picture',
        parameters: [id],
        responses: {
          200: { description: 'The picture', content: json('Image') },
          ...problems('not_found', 'invalid_field', 'store_unavailable'),
        },
      },
    },
    '/images/{id}/similar': {
      get: {
        summary: 'The pictures nearest to this one',
        parameters: [id, topK, scoreThreshold],
        responses: {
          200: {
            description: 'The nearest pictures, without the picture itself',
            content: json('SearchResponse'),
          },
          ...problems('not_found', ...searchFailures),
        },
      },
    },
  };
}

function operationsPaths(): Json {
  const health = { description: 'State of the parts', content: json('Health') };
  return {
    '/health': {
      get: { summary: 'Whether it can search', responses: { 200: health, 503: health } },
    },
    '/readyz': {
      get: { summary: 'The same, for load balancers', responses: { 200: health, 503: health } },
    },
    '/livez': {
      get: {
        summary: 'Whether the process answers',
        responses: { 200: { description: 'It does' } },
      },
    },
    '/stats': {
      get: {
        summary: 'Latencies of the last 10,000 searches, and the collection',
        responses: {
          200: { description: 'Numbers', content: json('Stats') },
          ...problems('store_unavailable'),
        },
      },
    },
    '/metrics': {
      get: {
        summary: 'Metrics for Prometheus',
        responses: { 200: { description: 'Text format' } },
      },
    },
  };
}

function json(schema: string): Json {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
}

/** The failures that an operation may answer with, under their statuses. */
function problems(...codes: FailureCode[]): Json {
  const content = {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  };
  const byStatus = Map.groupBy(codes, (code) => failures[code].status);
  return Object.fromEntries(
    Array.from(byStatus, ([status, together]) => {
      const description = together.map((code) => failures[code].title).join('; ');
      return [status, { description, content }];
    }),
  );
}

function parameter(name: string, schema: Json, description: string, required = false): Json {
  return { name, in: 'query', required, schema, description };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
