import type { Value } from '@qdrant/js-client-grpc';
import { badInput } from './qdrant-errors.ts';

/** A payload as Qdrant keeps it: `bigint` for what came as an integer, `number` for a double. */
export type Json =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };
export type Payload = Readonly<Record<string, Json>>;

type PlainValue = Pick<Value, 'kind'>;

export function readPayload(payload: Readonly<Record<string, PlainValue>>): Payload {
  return Object.fromEntries(Object.entries(payload).map(([key, one]) => [key, readValue(one)]));
}

function readValue({ kind }: PlainValue): Json {
  switch (kind.case) {
    case 'listValue':
      return kind.value.values.map(readValue);
    case 'structValue':
      return readPayload(kind.value.fields);
    case 'nullValue':
    case undefined:
      return null;
    default:
      return kind.value;
  }
}

type ValueInit = { readonly kind: unknown };

export function writePayload(payload: Payload): Record<string, never> {
  const written = Object.entries(payload).map(([key, one]) => [key, writeValue(one)]);
  return Object.fromEntries(written) as Record<string, never>;
}

function writeValue(value: Json): ValueInit {
  if (value === null) return { kind: { case: 'nullValue', value: 0 } };
  if (typeof value === 'boolean') return { kind: { case: 'boolValue', value } };
  if (typeof value === 'bigint') return { kind: { case: 'integerValue', value } };
  if (typeof value === 'number') return { kind: { case: 'doubleValue', value } };
  if (typeof value === 'string') return { kind: { case: 'stringValue', value } };
  if (Array.isArray(value)) {
    return { kind: { case: 'listValue', value: { values: value.map(writeValue) } } };
  }
  return { kind: { case: 'structValue', value: { fields: writePayload(value as Payload) } } };
}

type Step = string | number | '[]';

/**
 * The values under a key such as `a.b`, `a[].b`, `a[0]` or `"a.b".c`. A list in the middle of a path
 * is only entered where the path says so.
 */
export function valuesAt(payload: Payload, key: string): readonly Json[] {
  let values: readonly Json[] = [payload];
  for (const step of parsePath(key)) values = values.flatMap((value) => enter(value, step));
  return values;
}

function enter(value: Json, step: Step): readonly Json[] {
  if (step === '[]') return Array.isArray(value) ? value : [];
  if (typeof step === 'number') {
    const one = Array.isArray(value) ? (value[step] as Json | undefined) : undefined;
    return one === undefined ? [] : [one];
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  const fields = value as Payload;
  return Object.hasOwn(fields, step) ? [fields[step] ?? null] : [];
}

/** The same path in one spelling: `"a"` is `a`. */
export function canonicalPath(key: string): string {
  return parsePath(key)
    .map((step, position) => {
      if (step === '[]' || typeof step === 'number') return step === '[]' ? '[]' : `[${step}]`;
      const name = /^[\p{L}\p{N}_-]+$/u.test(step) ? step : `"${step}"`;
      return position === 0 ? name : `.${name}`;
    })
    .join('');
}

function parsePath(key: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = key;
  while (rest !== '') {
    const name = /^(?:"([^"]+)"|([\p{L}\p{N}_-]+))/u.exec(rest);
    if (name === null) throw badInput(`Invalid json path: '${key}'`);
    steps.push(name[1] ?? name[2] ?? '');
    rest = rest.slice(name[0].length);
    for (let index = /^\[(\d*)\]/.exec(rest); index !== null; index = /^\[(\d*)\]/.exec(rest)) {
      steps.push(index[1] === '' ? '[]' : Number(index[1]));
      rest = rest.slice(index[0].length);
    }
    if (rest === '') break;
    if (!/^\../.test(rest)) throw badInput(`Invalid json path: '${key}'`);
    rest = rest.slice(1);
  }
  if (steps.length === 0) throw badInput(`Invalid json path: '${key}'`);
  return steps;
}
