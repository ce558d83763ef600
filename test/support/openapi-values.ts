import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  double,
  integer,
  oneof,
  record,
  string,
  stringMatching,
  uniqueArray,
  tuple,
} from 'fast-check';
import type { Json } from './openapi-document.ts';

const maxItems = 4;

const imageId = String.raw`^(0|[1-9]\d{0,19})$`;

/** Values that a JSON schema allows. Rather small ones: they are for requests. */
export function valuesOf(schema: Json): Arbitrary<unknown> {
  const anyOf = schema['anyOf'] as readonly Json[] | undefined;
  if (anyOf !== undefined && 'properties' in schema) return alternatives(schema, anyOf);
  if (anyOf !== undefined) return oneof(...anyOf.map(valuesOf));
  const options = schema['enum'] as readonly unknown[] | undefined;
  if (options !== undefined) return constantFrom(...options);
  if ('const' in schema) return constant(schema['const']);
  switch (schema['type']) {
    case 'string':
      return texts(schema);
    case 'integer':
      return integer(rangeOf(schema));
    case 'number':
      return double({ noNaN: true, noDefaultInfinity: true, ...rangeOf(schema) });
    case 'boolean':
      return boolean();
    case 'null':
      return constant(null);
    case 'array':
      return array(valuesOf(schema['items'] as Json), {
        minLength: (schema['minItems'] as number | undefined) ?? 0,
        maxLength: maxItems,
      });
    case 'object':
      return objects(schema);
    default:
      throw new Error(`Cannot make values of ${JSON.stringify(schema)}`);
  }
}

/** An object that must be one of several, besides what it must be anyhow. */
function alternatives(schema: Json, anyOf: readonly Json[]): Arbitrary<unknown> {
  const merged = anyOf.map((one) => ({
    ...schema,
    anyOf: undefined,
    required: [
      ...((schema['required'] ?? []) as string[]),
      ...((one['required'] ?? []) as string[]),
    ],
    properties: { ...(schema['properties'] as Json), ...(one['properties'] as Json) },
  }));
  return oneof(...merged.map(valuesOf));
}

function rangeOf({ minimum, maximum }: Json): { min?: number; max?: number } {
  return {
    ...(typeof minimum === 'number' ? { min: minimum } : {}),
    ...(typeof maximum === 'number' ? { max: maximum } : {}),
  };
}

function texts(schema: Json): Arbitrary<string> {
  const minLength = (schema['minLength'] as number | undefined) ?? 0;
  const longest = (schema['maxLength'] as number | undefined) ?? 40;
  if (schema['pattern'] === imageId) {
    // Some that are there, and some that are none.
    return oneof({ weight: 3, arbitrary: constantFrom('1', '2', '3') }, matching(imageId));
  }
  if (typeof schema['pattern'] === 'string') {
    return matching(schema['pattern']).filter((text) => text.length <= longest);
  }
  const unit = constantFrom('grapheme', 'grapheme-ascii', 'binary');
  const short = unit.chain((kind) => string({ unit: kind, minLength, maxLength: 20 }));
  const long = integer({ min: minLength, max: longest }).map((length) => 'y'.repeat(length));
  return oneof(
    { weight: 6, arbitrary: short.filter((text) => text.length <= longest) },
    { weight: 1, arbitrary: long },
  ).filter((text) => minLength === 0 || text.trim() !== '');
}

function matching(pattern: string): Arbitrary<string> {
  const all = new RegExp(pattern);
  const withoutLookahead = new RegExp(pattern.replaceAll(/\(\?!\w+\)/g, ''));
  return stringMatching(withoutLookahead, { size: 'small' }).filter(
    (text) => all.test(text) && text.isWellFormed(),
  );
}

function objects(schema: Json): Arbitrary<Record<string, unknown>> {
  const properties = Object.entries((schema['properties'] as Record<string, Json>) ?? {});
  const fixed = record(Object.fromEntries(properties.map(([name, one]) => [name, valuesOf(one)])), {
    requiredKeys: (schema['required'] as string[] | undefined) ?? [],
  });
  // An object of nothing but optional properties means nothing when it is empty.
  const said = properties.length === 0 ? fixed : fixed.filter((one) => Object.keys(one).length > 0);
  return tuple(said, further(schema)).map(([one, more]) => ({ ...more, ...one }));
}

/** Properties whose names are free, or have a pattern. */
function further(schema: Json): Arbitrary<Record<string, unknown>> {
  const [byPattern] = Object.entries((schema['patternProperties'] as Record<string, Json>) ?? {});
  const names = schema['propertyNames'] as { pattern?: string } | undefined;
  const pattern = byPattern?.[0] ?? names?.pattern;
  const values = byPattern?.[1] ?? schema['additionalProperties'];
  if (pattern === undefined || typeof values !== 'object' || values === null) return constant({});
  const entry = tuple(matching(pattern), valuesOf(values as Json));
  const entries = uniqueArray(entry, { selector: ([name]) => name, maxLength: maxItems });
  return entries.map((list) => Object.fromEntries(list));
}
