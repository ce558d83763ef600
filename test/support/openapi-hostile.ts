import {
  type Arbitrary,
  anything,
  constant,
  constantFrom,
  integer,
  jsonValue,
  nat,
  oneof,
  string,
  tuple,
} from 'fast-check';

/** Texts that have broken a server somewhere. */
export const hostileTexts: Arbitrary<string> = oneof(
  constantFrom(
    '',
    ' ',
    '\0',
    'a\0b',
    '\ud800',
    'a\udc00b',
    '\u202e',
    '\ufeff',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'null',
    'undefined',
    'NaN',
    '-0',
    '1e999',
    '0x10',
    '18446744073709551616',
    "' or 1=1 --",
    '../../etc/passwd',
    '..%2f..%2f',
    '..',
    '..\\..\\x.jpg',
    '/etc/passwd',
    '\u2066a\u202e.jpg',
    '${filename}',
    'a\r\nb: c',
    '%',
    '%zz',
    '%c0%ae',
    '%00',
    '<script>',
    '${7*7}',
    'filter.',
    '.',
    'a'.repeat(600),
    '\u{1f408}'.repeat(513),
  ),
  string({ unit: 'binary', maxLength: 30 }),
);

/** Values of a type that nobody asked for. */
export const hostileValues: Arbitrary<unknown> = oneof(
  hostileTexts,
  constantFrom<unknown>(null, true, false, 0, -1, -0, 1.5, 101, 1e21, 2 ** 53, -1e308, [], {}, [
    [],
  ]),
  constantFrom<unknown>({ gte: '1' }, { gte: 1, nope: 1 }, { not: {} }, { not: [] }, [null], [[1]]),
  constant(Array.from({ length: 101 }, (_, n) => n)),
  constant(Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, n]))),
  constant(JSON.parse('{"__proto__": {"a": 1}, "constructor": {"prototype": 1}}')),
  jsonValue({ maxDepth: 3 }),
);

/** A JSON value with one thing in it changed: nearly what it was. */
export function mutated(value: unknown): Arbitrary<unknown> {
  return tuple(
    nat(1000),
    constantFrom('replace', 'remove', 'add', 'wrap'),
    hostileTexts,
    hostileValues,
  ).map(([place, how, name, other]) => change(value, place, { how, name, other }));
}

interface Change {
  readonly how: 'replace' | 'remove' | 'add' | 'wrap';
  readonly name: string;
  readonly other: unknown;
}

function change(value: unknown, place: number, by: Change): unknown {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const key = keys[place % (keys.length + 1)];
  if (key === undefined) return changeHere(value, by);
  const rest = Math.floor(place / (keys.length + 1));
  const inner = (value as Record<string, unknown>)[key];
  if (by.how === 'remove' && rest % 2 === 0) return without(value, key);
  const changed = change(inner, rest, by);
  if (Array.isArray(value)) return value.map((one, n) => (String(n) === key ? changed : one));
  return { ...(value as object), [key]: changed };
}

function changeHere(value: unknown, { how, name, other }: Change): unknown {
  if (how === 'wrap') return [value];
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (how !== 'add' || !isObject) return other;
  return Object.fromEntries([...Object.entries(value), [name, other]]);
}

function without(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.filter((_, n) => String(n) !== key);
  return Object.fromEntries(Object.entries(value as object).filter(([name]) => name !== key));
}

/** A JSON text that was damaged on its way, or made by somebody who means harm. */
export function damaged(text: string): Arbitrary<string | Uint8Array> {
  return oneof(
    nat(text.length).map((length) => text.slice(0, length)),
    tuple(nat(text.length), hostileTexts).map(
      ([at, more]) => text.slice(0, at) + more + text.slice(at),
    ),
    constantFrom(
      '',
      'null',
      '"text"',
      '[]',
      '{',
      `\ufeff${text}`,
      `${text}\0`,
      `${text}${text}`,
      text.replace('{', '{"query":"b","query":"c",'),
      text.replace('{', '{"__proto__":{"top_k":1},'),
      text.replace('{', '{"top_k":1e999,'),
      text.replace('{', '{"top_k":1.0000000000000000001,'),
      text.replace('{', '{"query":"\\ud800",'),
      '['.repeat(30_000),
      `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
      `{"query":"${'a'.repeat(64 * 1024)}"}`,
      `${' '.repeat(64 * 1024)}${text}`,
    ),
    integer({ min: 0, max: 255 }).map((byte) => Uint8Array.of(0x22, byte, 0xff, 0xc0, 0x22)),
    anything().map((value) => JSON.stringify(value) ?? 'undefined'),
  );
}
