import * as z from 'zod';
import { type FailureCode, failures } from '../core/failure.ts';
import { type Access, accessTo } from './route-access.ts';

export type Json = Readonly<Record<string, unknown>>;

/** RFC 9457, as every failure of this API is answered. */
export const problem: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'request_id'],
  properties: {
    type: { type: 'string', description: 'Where /docs explains the code' },
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
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
};

const text: Json = { type: 'string' };
const count: Json = { type: 'integer', minimum: 0 };

/** Headers of answers. `required`: every answer that lists it has it. */
export const headers = {
  'X-Request-Id': header(
    'The X-Request-Id of the request if that is 8 to 64 letters, digits, "_", "-" or ".", or a new one; the log has the request under it',
    { type: 'string', pattern: '^[\\w.-]{8,64}$' },
    true,
  ),
  'X-Cache': header('Whether the answer came from the cache, went into it, or neither', {
    type: 'string',
    enum: ['hit', 'miss', 'bypass'],
  }),
  'Server-Timing': header('Milliseconds by stage, such as "encode;dur=4.1, total;dur=5"', text),
  ETag: header('For If-None-Match; the same for the same results', text, true),
  'Cache-Control': header('Who may keep the answer, and how long', text, true),
  'Retry-After': header(
    'Seconds to wait before the next try',
    { type: 'integer', minimum: 1 },
    true,
  ),
  'RateLimit-Limit': header('How many requests may come at once, where there is a limit', count),
  'RateLimit-Remaining': header('How many of these are left now', count),
  'RateLimit-Reset': header('Seconds until all of them are there again', count),
  'WWW-Authenticate': header('How to send a key', { type: 'string', enum: ['Bearer'] }, true),
  Allow: header('The methods that this path has', text, true),
} satisfies Readonly<Record<string, Json>>;

export type HeaderName = keyof typeof headers;

/** Of a media type that has a schema, or none; and headers besides those of every answer. */
export interface Answer {
  readonly description: string;
  readonly content?: Json;
  readonly headers?: readonly HeaderName[];
}

/** The failures of everything that a search may be asked of, here or in the service behind. */
export const searching = [
  'overloaded',
  'search_unavailable',
  'encoder_unavailable',
  'store_unavailable',
  'collection_missing',
  'timeout',
  'cancelled',
] as const satisfies readonly FailureCode[];

interface OperationParts {
  readonly summary: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  readonly answers: Readonly<Record<number, Answer>>;
  readonly failures?: readonly FailureCode[];
}

/** `other`: those that a path does not have. */
type Method = 'GET' | 'POST' | 'DELETE' | 'other';

/** One method of a path. Who may call it, and how often, comes from what the guards read. */
export function operation(method: Method, path: string, parts: OperationParts): Json {
  const access = accessOf(method, path);
  const { scope, limited } = access;
  const codes = [...(parts.failures ?? []), ...guardFailures(access)];
  const always: HeaderName[] = ['X-Request-Id', ...(limited ? rateLimit : [])];
  const answers: Readonly<Record<string, Answer>> = { ...parts.answers, ...problems(codes) };
  const responses = Object.entries(answers).map(([status, answer]) => [
    status,
    withHeaders(answer, always),
  ]);
  return {
    summary: parts.summary,
    ...(scope === undefined ? {} : { security: [{ bearer: [scope] }, { apiKey: [scope] }, {}] }),
    ...(parts.parameters === undefined ? {} : { parameters: parts.parameters }),
    ...(parts.requestBody === undefined ? {} : { requestBody: parts.requestBody }),
    responses: Object.fromEntries(responses),
  };
}

/**
 * A path that is read: `HEAD` is answered like `GET`, without the body. What other methods meet has
 * no place in OpenAPI but an extension.
 */
export function readPath(path: string, parts: OperationParts, more: Json = {}): Json {
  const get = operation('GET', path, parts);
  const described = get['responses'] as Readonly<Record<string, Answer>>;
  const responses = Object.entries(described).map(([status, { description, headers: sent }]) => [
    status,
    { description, headers: sent },
  ]);
  return {
    [path]: {
      ...more,
      get,
      head: { ...get, responses: Object.fromEntries(responses) },
      'x-other-methods': otherMethods(path),
    },
  };
}

/** What a method that a path does not have is answered with. */
export function otherMethods(path: string): Json {
  return operation('other', path, {
    summary: 'Methods that this path does not have',
    answers: {},
    failures: ['method_not_allowed'],
  });
}

const rateLimit: readonly HeaderName[] = [
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
];

function accessOf(method: Method, path: string): Access {
  const access = accessTo(method, path.replaceAll(/\{(\w+)\}/g, ':$1'));
  if (access === undefined) throw new Error(`Nobody decided who may call ${path}`);
  return access;
}

function guardFailures({ scope, limited }: Access): FailureCode[] {
  return [
    ...(scope === undefined ? [] : (['unauthenticated', 'forbidden'] as const)),
    ...(limited ? (['rate_limited'] as const) : []),
  ];
}

const headersByStatus: Readonly<Record<number, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** The failures that an operation may answer with, under their statuses. */
export function problems(codes: readonly FailureCode[]): Readonly<Record<string, Answer>> {
  const byStatus = Map.groupBy(codes, (code) => failures[code].status);
  return Object.fromEntries(
    Array.from(byStatus, ([status, together]) => {
      const description = together.map((code) => failures[code].title).join('; ');
      const narrowed = { status: { const: status }, code: { enum: together } };
      const schema = {
        allOf: [ref('schemas', 'Problem'), { type: 'object', properties: narrowed }],
      };
      const content = { 'application/problem+json': { schema } };
      return [status, { description, content, headers: headersByStatus[status] ?? [] }];
    }),
  );
}

export function withHeaders(answer: Answer, always: readonly HeaderName[]): Json {
  const names = [...always, ...(answer.headers ?? [])];
  return {
    ...answer,
    headers: Object.fromEntries(names.map((name) => [name, ref('headers', name)])),
  };
}

export function json(schema: string, example?: unknown): Json {
  const shown = example === undefined ? {} : { example };
  return { 'application/json': { schema: ref('schemas', schema), ...shown } };
}

/** Each event's data is JSON of the schema under its name. */
export function events(schemas: Readonly<Record<string, string>>, example: string): Json {
  const byName = Object.entries(schemas).map(([name, schema]) => [name, ref('schemas', schema)]);
  const described = { 'x-events': Object.fromEntries(byName), example };
  return { 'text/event-stream': { schema: { type: 'string' }, ...described } };
}

export function parameter(name: string, schema: Json, description: string, required = false): Json {
  return { name, in: 'query', required, schema, description };
}

export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const made = z.toJSONSchema(schema, { io });
  // The dialect is that of the document; a part of it has none of its own.
  return JSON.parse(
    JSON.stringify(made, (key, value: unknown) => (key === '$schema' ? undefined : value)),
  ) as Json;
}

function ref(kind: 'schemas' | 'headers', name: string): Json {
  return { $ref: `#/components/${kind}/${name}` };
}

function header(description: string, schema: Json, required = false) {
  return { description, schema, required };
}
