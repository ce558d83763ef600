import type { Scalar } from '../core/filter.ts';

/** A text that looks like a number is still a text. */
const texts = new Map([
  ['q', 'query'],
  ['cursor', 'cursor'],
]);

/** May be repeated; one value is a list of one. */
const lists = new Set(['exclude', 'like']);

/** These have another form here, or none, and that they are no parameters is said of such a name. */
const ofBodies = new Set(['query', 'filters', 'texts']);

const operators = new Set(['gte', 'gt', 'lte', 'lt', 'not']);

/**
 * The query string of `GET /search` in the form of the body of `POST /search`; what is wrong with
 * it is found by the same schema. `q` is the query, `exclude` and `like` may be repeated, `filter.<key>` a filter (repeated: any of),
 * `filter.<key>.gte` and the like an operator. As a query string has no types, a filter value that
 * reads like a number or a boolean matches both forms.
 */
export function fromQueryString(params: URLSearchParams): Record<string, unknown> {
  // Entries, as assigning to a key named __proto__ would lose it.
  const fields: [string, unknown][] = [];
  const filters: [string, string[]][] = [];
  for (const name of new Set(params.keys())) {
    const values = params.getAll(name);
    if (name.startsWith('filter.')) filters.push([name.slice('filter.'.length), values]);
    else if (lists.has(name)) fields.push([name, values]);
    else if (ofBodies.has(name)) fields.push([`?${name}`, values]);
    else if (texts.has(name)) {
      fields.push([texts.get(name) ?? name, values.length === 1 ? values[0] : values]);
    } else fields.push([name, values.length === 1 ? typed(values[0] ?? '') : values]);
  }
  if (filters.length > 0) fields.push(['filters', toFilters(filters)]);
  return Object.fromEntries(fields);
}

function toFilters(entries: readonly (readonly [string, string[]])[]): Record<string, unknown> {
  const filters = new Map<string, unknown>();
  for (const [name, values] of entries) {
    const dot = name.lastIndexOf('.');
    const operator = name.slice(dot + 1);
    const isOperator = dot > 0 && operators.has(operator);
    const key = isOperator ? name.slice(0, dot) : name;
    const value = isOperator ? { [operator]: operand(operator, values) } : alternatives(values);
    filters.set(key, merge(filters.get(key), value));
  }
  return Object.fromEntries(filters);
}

/** A bound that is given twice is none, and stays a list to be refused. */
function operand(operator: string, values: readonly string[]): unknown {
  if (operator === 'not') return alternatives(values);
  return values.length === 1 ? typed(values[0] ?? '') : values;
}

/** Operators of one key go together; values and operators don't, and stay a list to be refused. */
function merge(before: unknown, value: unknown): unknown {
  if (before === undefined) return value;
  return isOperators(before) && isOperators(value) ? { ...before, ...value } : [before, value];
}

function alternatives(values: readonly string[]): Scalar[] {
  return values.flatMap((value) => {
    const other = typed(value);
    return other === value ? [value] : [value, other];
  });
}

function typed(value: string): Scalar {
  if (value === 'true' || value === 'false') return value === 'true';
  if (value.trim() === '' || value.length > 32) return value;
  const number = Number(value);
  return Number.isFinite(number) ? number : value;
}

function isOperators(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
