import { createContext, Script } from 'node:vm';

interface Value {
  readonly value: string;
  readonly multiValue?: readonly { readonly value: string }[];
}

/** By names in small letters. */
export type Values = Record<string, Value>;

export interface FunctionRequest {
  readonly method: string;
  readonly uri: string;
  /** Raw: nothing is decoded. A function may leave a text. */
  readonly querystring: Values | string;
  readonly headers: Values;
  readonly cookies: Values;
}

export interface FunctionResponse {
  readonly statusCode: number;
  readonly headers: Values;
}

export interface FunctionEvent {
  readonly request: FunctionRequest;
  readonly response?: FunctionResponse;
}

/** What `cf.kvs()` gives: a key that is not there is an error. */
export interface KeyValueReader {
  get(key: string): Promise<string>;
}

export type EdgeFunction = (event: FunctionEvent) => Promise<FunctionRequest | FunctionResponse>;

/** Beyond it CloudFront takes no function. */
const maxCodeBytes = 10_240;

/**
 * A function of CloudFront as its runtime runs it: alone, with its store of keys and a console, and
 * with nothing else that this process has.
 */
export function loadEdgeFunction(code: string, keys: KeyValueReader): EdgeFunction {
  const bytes = Buffer.byteLength(code);
  if (bytes > maxCodeBytes) throw new Error(`The function is too large for CloudFront: ${bytes}`);
  // Its one module; scripts of this context can't import any.
  const script = code.replace(/^import cf from 'cloudfront';$/m, '');
  const cf = script === code ? undefined : { kvs: () => keys };
  const context = createContext(
    { cf, console: { log: () => {} } },
    { codeGeneration: { strings: false, wasm: false } },
  );
  const handler: unknown = new Script(`'use strict';\n${script}\n;handler`).runInContext(context);
  return async (event) => (handler as EdgeFunction)(event);
}

/** A raw query string as a function gets it. */
export function toQueryValues(raw: string): Values {
  const values = new Map<string, { value: string }[]>();
  for (const part of raw === '' ? [] : raw.split('&')) {
    const at = part.indexOf('=');
    const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    values.set(name, [...(values.get(name) ?? []), { value }]);
  }
  return toValues(values);
}

/** And back, as CloudFront writes it. */
export function toRawQuery(query: FunctionRequest['querystring']): string {
  if (typeof query === 'string') return query;
  return Object.entries(query)
    .flatMap(([name, one]) => (one.multiValue ?? [one]).map(({ value }) => `${name}=${value}`))
    .join('&');
}

export function toHeaderValues(headers: Readonly<Record<string, string>>): Values {
  return toValues(new Map(Object.entries(headers).map(([name, value]) => [name, [{ value }]])));
}

export function toHeaders(values: Values): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, one]) => [
      name.toLowerCase(),
      (one.multiValue ?? [one]).map(({ value }) => value).join(', '),
    ]),
  );
}

function toValues(many: ReadonlyMap<string, readonly { readonly value: string }[]>): Values {
  const values = Object.create(null) as Values;
  for (const [name, all] of many) {
    values[name] = { value: all[0]?.value ?? '', ...(all.length > 1 && { multiValue: all }) };
  }
  return values;
}
