import * as z from 'zod';
import { createEventParser } from '../../web/event-stream.ts';
import type { Answer, ApiDocument, Described, Json } from './openapi-document.ts';

export interface Answered {
  readonly method: string;
  readonly pathname: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** What is wrong with an answer by the document; nothing when it is described. */
export type AnswerCheck = (answered: Answered) => string[];

type SchemasOf = (json: Json) => readonly z.ZodType[];

/** Status, headers, content type and body of an answer, each against the document. */
export function createAnswerCheck(document: ApiDocument): AnswerCheck {
  const schemas = new Map<Json, readonly z.ZodType[]>();
  const schemasOf: SchemasOf = (json) => {
    const known = schemas.get(json) ?? partsOf(json).map((part) => z.fromJSONSchema(part));
    schemas.set(json, known);
    return known;
  };

  return (answered) => {
    const { method, pathname, status, headers } = answered;
    const described = document.describe(method, pathname);
    if (isPreflight(answered)) return [];
    const answer = described.operation.responses[status];
    if (answer === undefined) return [`${described.name} does not describe ${status}`];
    return [
      ...Object.entries(answer.headers).flatMap(([name, { required, schema }]) => {
        const value = headers.get(name);
        if (value === null) return required ? [`the header ${name} is missing`] : [];
        return complaints(schemasOf(schema), typed(value, schema), `the header ${name}`);
      }),
      ...bodyComplaints(answered, answer, described, schemasOf),
      ...idComplaints(answered),
    ];
  };
}

function bodyComplaints(
  { method, headers, body }: Answered,
  { content }: Answer,
  { name }: Described,
  schemasOf: SchemasOf,
): string[] {
  if (content === undefined || method === 'HEAD') {
    return body === '' ? [] : [`${name} describes no body: ${body.slice(0, 100)}`];
  }
  const type = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim() ?? '';
  const wildcard = type.replace(/\/.*/, '/*');
  const media = content[type] ?? content[wildcard];
  if (media === undefined) return [`${name} does not describe the content type "${type}"`];
  if (media['x-events']) return eventComplaints(body, media['x-events'], schemasOf);
  if (media.schema === undefined) return [];
  try {
    return complaints(schemasOf(media.schema), JSON.parse(body), 'the body');
  } catch {
    return [`the body is not JSON: ${body.slice(0, 100)}`];
  }
}

/** Events of known names, each with data that is described, and the last of them an end. */
function eventComplaints(
  body: string,
  described: Readonly<Record<string, Json>>,
  schemasOf: SchemasOf,
): string[] {
  const events = createEventParser()(body);
  const names = events.map(({ name }) => name).join(' ');
  const order = /^(results ){1,2}(explanation )*(done|error)$/.test(names)
    ? []
    : [`events come as ${names}`];
  const wrong = events.flatMap(({ name, data }) => {
    const schema = described[name];
    if (schema === undefined) return [`the event ${name} is not described`];
    return complaints(schemasOf(schema), JSON.parse(data), `the event ${name}`);
  });
  return [...order, ...wrong];
}

/** A problem can be told to somebody by its id alone, so it must be the one in the header. */
function idComplaints({ headers, body }: Answered): string[] {
  if (headers.get('content-type') !== 'application/problem+json' || body === '') return [];
  const { request_id: id } = JSON.parse(body) as { request_id?: unknown };
  return id === headers.get('x-request-id') ? [] : ['the request id is not that of the header'];
}

function complaints(schemas: readonly z.ZodType[], value: unknown, where: string): string[] {
  return schemas
    .flatMap((schema) => schema.safeParse(value).error?.issues ?? [])
    .map(({ path, message }) => `${[where, ...path].map(String).join('.')}: ${message}`);
}

/** In zod an unknown field is none if one part of an intersection knows it; here all must. */
function partsOf(json: Json): readonly Json[] {
  return (json['allOf'] as readonly Json[] | undefined) ?? [json];
}

/** A CORS preflight is answered for all paths at once, by what stands before them. */
function isPreflight({ method, status, headers, body }: Answered): boolean {
  const allowed = headers.has('access-control-allow-methods');
  return method === 'OPTIONS' && status === 204 && allowed && body === '';
}

function typed(value: string, { type }: Json): unknown {
  return type === 'integer' ? Number(value) : value;
}
