import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  string,
  tuple,
} from 'fast-check';
import type { ApiDocument, Operation, Parameter } from './openapi-document.ts';
import { damaged, hostileTexts, hostileValues, mutated } from './openapi-hostile.ts';
import { valuesOf } from './openapi-values.ts';

export interface GeneratedRequest {
  readonly method: string;
  /** Path and query string. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array | undefined;
  /** Nothing in it but what the document allows. */
  readonly isValid: boolean;
}

type Name = [name: string, value: string];

/** How far a part of a request is from what the document asks for. */
type Spirit = 'valid' | 'hostile';

/** Requests for every operation of a document, and for some that it does not have. */
export function requestsOf(document: ApiDocument): Arbitrary<GeneratedRequest> {
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => !method.startsWith('x-'))
      // What can be asked most about is asked most often.
      .map(([method, operation]) => ({
        weight: 1 + 4 * Math.min(7, operation.parameters.length) + (operation.requestBody ? 20 : 0),
        arbitrary: requestsFor(path, method.toUpperCase(), operation),
      })),
  );
  return oneof(...listed, { weight: 4, arbitrary: strayRequests(Object.keys(document.paths)) });
}

/** Both spirits are made once, not with each request: making them takes longer than asking. */
function requestsFor(
  path: string,
  method: string,
  operation: Operation,
): Arbitrary<GeneratedRequest> {
  return oneof(requestsIn('valid', path, method, operation), {
    weight: 2,
    arbitrary: requestsIn('hostile', path, method, operation),
  });
}

function requestsIn(
  how: Spirit,
  path: string,
  method: string,
  { parameters, requestBody }: Operation,
): Arbitrary<GeneratedRequest> {
  const isValid = how === 'valid';
  const places = parameters.filter((one) => one.in === 'path');
  const asked = parameters.filter((one) => one.in === 'query');
  const body = requestBody && bodies(requestBody, how);
  return tuple(
    pathsOf(path, places, how),
    tuple(...asked.map((one) => namesOf(one, how))).map((lists) => lists.flat()),
    isValid ? constant([]) : array(strayNames, { maxLength: 2 }),
    isValid ? constant([]) : array(strayHeaders, { maxLength: 3 }),
    body ?? constant({ headers: [], text: undefined }),
    isValid ? constant(method) : methodsLike(method),
  ).map(([made, names, strays, headers, { headers: types, text }, verb]) => ({
    method: verb,
    target: made + toQuery([...names, ...strays], isValid),
    headers: [...types, ...headers],
    body: text,
    isValid,
  }));
}

function pathsOf(path: string, places: readonly Parameter[], how: Spirit): Arbitrary<string> {
  const filled = places.map(({ name, schema }) => {
    // Some that are there, and some that are none.
    const known = constantFrom('1', '2', '3', '18446744073709551615');
    const texts = how === 'valid' ? known : oneof(valuesOf(schema), hostileTexts, known);
    return tuple(constant(`{${name}}`), texts.map(String));
  });
  return tuple(...filled).map((values) => {
    let made = path;
    for (const [place, value] of values) made = made.replace(place, () => toSegment(value));
    return made;
  });
}

function namesOf({ name, required, schema }: Parameter, how: Spirit): Arbitrary<Name[]> {
  if (schema['type'] === 'object') {
    return valuesOf(schema).map((value) =>
      Object.entries(value as object).flatMap(([key, one]) =>
        [one].flat().map((text): Name => [withoutOperator(key, how), String(text)]),
      ),
    );
  }
  const valid = valuesOf(schema).map((value) =>
    [value].flat().map((one): Name => [name, String(one)]),
  );
  const left: Arbitrary<Name[]> = constant([]);
  if (how === 'valid') return required ? valid : oneof(valid, left);
  const wrong = hostileTexts.map((text): Name[] => [[name, text]]);
  const twice = tuple(valid, valid).map((lists) => lists.flat());
  return oneof(valid, valid, left, wrong, twice);
}

/** A value of any type fits no bound, and one that ends in `.gte` would have to. */
function withoutOperator(key: string, how: Spirit): string {
  return how === 'valid' ? key.replace(/(?:\.(?:gte|gt|lte|lt|not))+$/, '.x') : key;
}

const strayNames: Arbitrary<Name> = tuple(
  oneof(
    constantFrom('q', 'query', 'filters', 'top_k', 'filter', 'filter.', 'filter.a', 'filter.a.gte'),
    constantFrom('filter.__proto__', 'filter.a.not', 'filter..gte', '__proto__', 'filter[a]', 'id'),
    hostileTexts,
  ),
  oneof(
    hostileTexts,
    hostileValues.map((value) => JSON.stringify(value) ?? ''),
  ),
);

function toQuery(names: readonly Name[], isValid: boolean): string {
  if (names.length === 0) return '';
  const text = new URLSearchParams([...names]).toString();
  // Half-decoded text is what proxies make of it.
  return isValid ? `?${text}` : `?${text.replaceAll('%25', '%')}`;
}

const headerTexts = string({ unit: 'grapheme-ascii', maxLength: 40 });

/** The same answer, event by event. */
const asStream: Name = ['accept', 'text/event-stream'];

const strayHeaders: Arbitrary<Name> = oneof(
  tuple(
    constantFrom('x-request-id', 'if-none-match', 'accept', 'origin', 'x-forwarded-for', 'cookie'),
    oneof(headerTexts, constantFrom('*', 'W/"x"', '"', 'null', '1.1.1.1, ::1', 'a'.repeat(2000))),
  ),
  tuple(
    constantFrom(
      'traceparent',
      'x-index-generation',
      'x-deadline-ms',
      'range',
      'if-match',
      'expect',
    ),
    oneof(headerTexts, constantFrom('0', '-1', '1', '1e9', 'NaN', '', 'bytes=0-0')),
  ),
  tuple(
    constantFrom('content-length', 'content-encoding', 'transfer-encoding', 'upgrade'),
    constantFrom('0', '1', '99999999', '-1', 'gzip', 'chunked', 'x'),
  ),
  constant<Name>(['access-control-request-method', 'POST']),
  constant(asStream),
);

function bodies(
  { content }: NonNullable<Operation['requestBody']>,
  how: Spirit,
): Arbitrary<{ headers: Name[]; text: string | Uint8Array | undefined }> {
  const schema = content['application/json']?.schema;
  if (schema === undefined) return forms(how);
  const valid = valuesOf(schema);
  const json: Name[] = [['content-type', 'application/json']];
  const texts = valid.map((value) => JSON.stringify(value));
  if (how === 'valid') {
    const types = constantFrom<Name[]>(json, [...json, asStream]);
    return tuple(types, texts).map(([headers, text]) => ({ headers, text }));
  }
  const nearly = valid.chain(mutated).map((value) => JSON.stringify(value) ?? '');
  return tuple(
    oneof(
      constant(json),
      constant(json),
      constantFrom<Name[]>(
        [],
        [['content-type', '']],
        [['content-type', 'text/plain']],
        [['content-type', 'application/jsonp']],
        [['content-type', 'application/vnd.a+json; charset=utf-16']],
        [['content-type', 'multipart/form-data; boundary=x']],
        [['content-type', `application/json;${'a'.repeat(3000)}`]],
      ),
    ),
    oneof(nearly, nearly, texts.chain(damaged), constant(undefined)),
  ).map(([headers, text]) => ({ headers, text }));
}

const boundary = 'xyz';

/** Forms of an upload that nobody signed. */
function forms(how: Spirit): Arbitrary<{ headers: Name[]; text: string | undefined }> {
  const type: Name = ['content-type', `multipart/form-data; boundary=${boundary}`];
  const names = constantFrom('key', 'policy', 'signature', 'Content-Type', '__proto__');
  const fields = array(tuple(names, hostileTexts), { maxLength: 5 });
  const whole = fields.map((list) => toForm([...new Map(list), ['file', 'bytes']]));
  if (how === 'valid') return whole.map((text) => ({ headers: [type], text }));
  const types = constantFrom<Name[]>(
    [type],
    [type],
    [],
    [['content-type', 'multipart/form-data']],
    [['content-type', 'multipart/form-data; boundary=""']],
    [['content-type', 'application/json']],
  );
  const parts = array(tuple(oneof(names, hostileTexts), hostileTexts), { maxLength: 5 });
  const texts = oneof(
    whole,
    parts.map(toForm),
    tuple(whole, integer({ min: 0, max: 500 })).map(([text, length]) => text.slice(0, length)),
    constantFrom('', '--', `--${boundary}--`, toForm([['a', 'x'.repeat(40_000)]]).slice(0, -20)),
  );
  return tuple(types, oneof(texts, constant(undefined))).map(([headers, text]) => ({
    headers,
    text,
  }));
}

function toForm(fields: Iterable<readonly [name: string, value: string]>): string {
  const parts = Array.from(
    fields,
    ([name, value]) =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${parts.join('')}--${boundary}--\r\n`;
}

function methodsLike(method: string): Arbitrary<string> {
  const others = constantFrom('PUT', 'DELETE', 'PATCH', 'OPTIONS', 'POST', 'GET', 'HEAD', 'QUERY');
  return oneof({ weight: 12, arbitrary: constant(method) }, { weight: 1, arbitrary: others });
}

/** Paths that are nearly one of the document's. */
function strayRequests(paths: readonly string[]): Arbitrary<GeneratedRequest> {
  const before = constantFrom('', '/', '/.', '/..', '/%2e', '/api', '//');
  const after = constantFrom(
    '',
    '/',
    '//',
    '/x',
    '.json',
    ';a=b',
    '%00',
    '%2f',
    '?',
    '#',
    '/../stats',
  );
  return tuple(
    before,
    constantFrom(...paths, '/', '/uploads', '/encode/texts', '/SEARCH', '/%73earch'),
    after,
    methodsLike('GET'),
    boolean(),
  ).map(([start, path, end, method, isEncoded]) => ({
    method,
    target: `${start}${isEncoded ? path.replace('e', '%65') : path}${end}`,
    headers: [],
    isValid: false,
  }));
}

function toSegment(text: string): string {
  // Texts that look encoded stay so: percent signs of all kinds are part of the game.
  return /^[\w.%<>-]+$/.test(text) ? text : encodeURIComponent(text.toWellFormed());
}
