import type { Condition } from './query-syntax.ts';
import type { Setting } from './query-syntax-tokens.ts';

/** As the API has them. */
const limits = { conditions: 16, values: 50, characters: 512 } as const;

const reasons = {
  number: 'More and less need a number.',
  notRange: 'All but a range can’t be asked for.',
  long: `The value of a filter has at most ${limits.characters} characters.`,
  mixed: 'One key can’t have a value and other conditions at once.',
  bound: 'There is a bound for this already.',
  conditions: `At most ${limits.conditions} filters can be used.`,
  values: `At most ${limits.values} values of one key can be asked for.`,
} as const;

export type Reading =
  | { readonly ok: true; readonly conditions: readonly Condition[] }
  | { readonly ok: false; readonly reason: string };

const bounds = /^(>=|>|<=|<)(.*)$/s;
const range = /^(-?[\d.]+)\.\.(-?[\d.]+)$/;
const opposites = { '>': 'lte', '>=': 'lt', '<': 'gte', '<=': 'gt' } as const;
const ops = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const;

/** What `key:value` asks for. */
export function readConditions(setting: Setting): Reading {
  const { key, value, isValueQuoted, isNegated } = setting;
  if (value.length > limits.characters) return { ok: false, reason: reasons.long };
  const op = isNegated ? 'not' : 'is';
  const text = value.toWellFormed();
  if (isValueQuoted) return { ok: true, conditions: [{ key, op, value: text }] };
  const bound = bounds.exec(value);
  if (bound) return readBound(key, bound[1] as keyof typeof ops, bound[2] ?? '', isNegated);
  const ends = range.exec(value);
  const [from, to] = [toNumber(ends?.[1] ?? ''), toNumber(ends?.[2] ?? '')];
  if (from === undefined || to === undefined) {
    return { ok: true, conditions: [{ key, op, value: typed(text) }] };
  }
  if (isNegated) return { ok: false, reason: reasons.notRange };
  const lower = { key, op: 'gte', value: from } as const;
  return { ok: true, conditions: [lower, { key, op: 'lte', value: to }] };
}

function readBound(key: string, sign: keyof typeof ops, rest: string, isNegated: boolean): Reading {
  const value = toNumber(rest);
  if (value === undefined) return { ok: false, reason: reasons.number };
  return { ok: true, conditions: [{ key, op: (isNegated ? opposites : ops)[sign], value }] };
}

/** Why a condition cannot be had together with those before it. */
export function reasonAgainst(
  { key, op, value }: Condition,
  before: readonly Condition[],
): string | undefined {
  const own = before.filter((one) => one.key === key);
  if (own.some((one) => one.op === op && one.value === value)) return 'repeated';
  if (own.length > 0 && own.some((one) => one.op === 'is') !== (op === 'is')) return reasons.mixed;
  const same = own.filter((one) => one.op === op);
  if (op !== 'is' && op !== 'not' && same.length > 0) return reasons.bound;
  if (same.length === limits.values) return reasons.values;
  const isNew = op === 'is' || op === 'not' ? same.length === 0 : own.every(isValue);
  return isNew && countConditions(before) === limits.conditions ? reasons.conditions : undefined;
}

/** As the API counts: the values of a key as one, and its bounds as one. */
function countConditions(conditions: readonly Condition[]): number {
  return new Set(conditions.map((one) => `${isValue(one) ? one.op : 'bound'} ${one.key}`)).size;
}

function isValue({ op }: Condition): boolean {
  return op === 'is' || op === 'not';
}

/** Numbers that read as they are written: `007` is a text. */
function typed(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  const number = toNumber(value);
  return number !== undefined && String(number) === value ? number : value;
}

/** Only what is written as a number: not an empty text, and not `0x10`. */
export function toNumber(text: string): number | undefined {
  if (!/^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}
