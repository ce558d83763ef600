import { Code, ConnectError } from '@connectrpc/connect';
import type { Condition, FieldCondition, Filter, Match, PointId } from './qdrant-protocol.ts';
import { canonicalPath, type Json, type Payload, valuesAt } from './qdrant-payload.ts';

/** `keyword`, `integer` … by the key of the field. */
export type FieldIndexes = ReadonlyMap<string, { readonly type: string }>;

export interface Filterable {
  readonly id: string;
  readonly payload: Payload;
}

/** Ids as keys of maps: numbers as they are, UUIDs in lower case. */
export function idOf(id: PointId | undefined): string {
  const option = id?.pointIdOptions;
  if (option?.case === 'num') return String(option.value);
  if (
    option?.case === 'uuid' &&
    /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(option.value)
  ) {
    return option.value.toLowerCase();
  }
  throw new ConnectError(
    option?.case === 'uuid' ? `Unable to parse UUID: ${option.value}` : 'Empty ID is provided',
    Code.InvalidArgument,
  );
}

/** Whether a point meets a filter, as Qdrant takes it where these fields have an index. */
export function meetsFilter(
  point: Filterable,
  filter: Filter | undefined,
  indexes: FieldIndexes,
): boolean {
  if (filter === undefined) return true;
  const meets = (condition: Condition) => meetsCondition(point, condition, indexes);
  const { must, mustNot, should, minShould } = filter;
  return (
    must.every(meets) &&
    !mustNot.some(meets) &&
    (should.length === 0 || should.some(meets)) &&
    (minShould === undefined ||
      minShould.conditions.filter(meets).length >= Number(minShould.minCount))
  );
}

/** The keys that a filter looks at, with the index that would serve each. */
export function filteredFields(
  filter: Filter | undefined,
): readonly (readonly [string, readonly string[]])[] {
  if (filter === undefined) return [];
  const all = [
    ...filter.must,
    ...filter.mustNot,
    ...filter.should,
    ...(filter.minShould?.conditions ?? []),
  ];
  return all.flatMap(({ conditionOneOf: one }) => {
    if (one.case === 'filter') return filteredFields(one.value);
    if (one.case === 'field') return [[one.value.key, servingTypes(one.value)] as const];
    return [];
  });
}

export function countConditions(filter: Filter | undefined): number {
  return filteredFields(filter).length;
}

function servingTypes({ match, range }: FieldCondition): readonly string[] {
  if (range !== undefined) return ['float', 'integer'];
  switch (match?.matchValue.case) {
    case 'boolean':
      return ['bool'];
    case 'integer':
    case 'integers':
    case 'exceptIntegers':
      return ['integer'];
    default:
      return ['keyword'];
  }
}

function meetsCondition(
  point: Filterable,
  { conditionOneOf: one }: Condition,
  indexes: FieldIndexes,
): boolean {
  switch (one.case) {
    case 'filter':
      return meetsFilter(point, one.value, indexes);
    case 'hasId':
      return one.value.hasId.some((id) => idOf(id) === point.id);
    case 'isEmpty':
      return isEmpty(valuesAt(point.payload, one.value.key));
    case 'isNull':
      return valuesAt(point.payload, one.value.key).some((value) => value === null);
    case 'field':
      return meetsField(point, one.value, indexes);
    case 'nested':
      return valuesAt(point.payload, `${one.value.key}[]`).some((value) =>
        meetsFilter({ id: point.id, payload: asPayload(value) }, one.value.filter, new Map()),
      );
    default:
      throw new ConnectError(`Malformed condition: ${String(one.case)}`, Code.InvalidArgument);
  }
}

function isEmpty(values: readonly Json[]): boolean {
  return values.every((value) => value === null || (Array.isArray(value) && value.length === 0));
}

function meetsField(point: Filterable, field: FieldCondition, indexes: FieldIndexes): boolean {
  const found = valuesAt(point.payload, field.key);
  if (field.isEmpty !== undefined) return isEmpty(found) === field.isEmpty;
  if (field.isNull !== undefined) return found.some((value) => value === null) === field.isNull;
  const values = found.flatMap((value) =>
    Array.isArray(value) ? (value as readonly Json[]) : [value],
  );
  const index = indexes.get(canonicalPath(field.key))?.type;
  const { match, range } = field;
  // An index knows only values of its type, and answers alone where it can.
  if (match !== undefined) return values.some((value) => meetsMatch(value, match, index));
  if (range !== undefined) {
    return values.some(
      (value) =>
        (typeof value === 'bigint' || (typeof value === 'number' && index !== 'integer')) &&
        (range.gt === undefined || Number(value) > range.gt) &&
        (range.gte === undefined || Number(value) >= range.gte) &&
        (range.lt === undefined || Number(value) < range.lt) &&
        (range.lte === undefined || Number(value) <= range.lte),
    );
  }
  throw new ConnectError(
    'Bad request: At least one field condition must be specified',
    Code.InvalidArgument,
  );
}

function meetsMatch(value: Json, { matchValue: match }: Match, index: string | undefined): boolean {
  switch (match.case) {
    case 'keyword':
    case 'integer':
    case 'boolean':
      return value === match.value;
    case 'keywords':
      return typeof value === 'string' && match.value.strings.includes(value);
    case 'integers':
      return typeof value === 'bigint' && match.value.integers.includes(value);
    case 'exceptKeywords':
      if (value === null || (index === 'keyword' && typeof value !== 'string')) return false;
      return typeof value !== 'string' || !match.value.strings.includes(value);
    case 'exceptIntegers':
      if (value === null || (index === 'integer' && typeof value !== 'bigint')) return false;
      return typeof value !== 'bigint' || !match.value.integers.includes(value);
    default:
      throw new ConnectError(`The stand-in has no match of ${match.case}`, Code.Unimplemented);
  }
}

function asPayload(value: Json): Payload {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Payload)
    : {};
}
