import * as z from 'zod';

export const maxConditions = 16;
const maxAlternatives = 100;

export const Scalar = z.union([z.string().max(512), z.number(), z.boolean()]);
export type Scalar = z.infer<typeof Scalar>;

const Alternatives = z.array(Scalar).min(1).max(maxAlternatives);

const Operators = z
  .strictObject({
    gte: z.number().optional(),
    gt: z.number().optional(),
    lte: z.number().optional(),
    lt: z.number().optional(),
    not: z.union([Scalar, Alternatives]).optional(),
  })
  .refine(
    (operators) => Object.keys(operators).length > 0,
    'must have one of gte, gt, lte, lt, not',
  )
  .meta({ minProperties: 1 });

/** Letters, digits, `_`, `-`, `.`; two leading underscores are kept for the store's own fields. */
const keyPattern = /^(?!__)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

const keyMessage = 'must be a metadata key: 1 to 64 letters, digits, "_", "-" or "."';

const Conditions = z
  .record(
    z.string().regex(keyPattern, keyMessage),
    z.union([Scalar, Alternatives, Operators], {
      error:
        'must be a string, number or boolean, a list of 1 to 100 of these, or an object of gte, gt, lte, lt (numbers) and not',
    }),
  )
  .refine((filters) => countConditions(filters) <= maxConditions, {
    error: `must have at most ${maxConditions} conditions`,
  });

/**
 * Filters as callers write them: `{ category: 'animals', width: { gte: 640 }, license: ['cc0',
 * 'mit'], status: { not: 'hidden' } }`. All conditions must hold; at most 16.
 */
export const Filters = z
  .unknown()
  // zod drops a key named __proto__ without a word, and a filter less finds more than was asked.
  .refine((raw) => !isObject(raw) || !Object.hasOwn(raw, '__proto__'), {
    message: keyMessage,
    path: ['__proto__'],
    abort: true,
  })
  .pipe(Conditions)
  .meta({ ...z.toJSONSchema(Conditions), maxProperties: maxConditions });
export type Filters = z.infer<typeof Filters>;

/**
 * One condition on one metadata key. A key whose value is a list meets it when one element does.
 * `in`: the value is one of `values`. `not-in`: it is none of them, or the key is absent.
 * `range`: it is a number within all given bounds.
 */
export type Condition =
  | { readonly kind: 'in'; readonly key: string; readonly values: readonly Scalar[] }
  | { readonly kind: 'not-in'; readonly key: string; readonly values: readonly Scalar[] }
  | ({ readonly kind: 'range'; readonly key: string } & Bounds);

export interface Bounds {
  readonly gte?: number;
  readonly gt?: number;
  readonly lte?: number;
  readonly lt?: number;
}

/** Conditions that must all hold. */
export type Filter = readonly Condition[];

/** Turns valid filters into conditions. `undefined` when there is nothing to filter by. */
export function parseFilter(filters: Filters | null): Filter | undefined {
  const conditions = Object.entries(filters ?? {}).flatMap(([key, value]): Condition[] => {
    if (!isObject(value)) return [{ kind: 'in', key, values: list(value) }];
    const { not, ...bounds } = value;
    return [
      ...(Object.keys(bounds).length > 0 ? [{ kind: 'range', key, ...bounds } as const] : []),
      ...(not === undefined ? [] : [{ kind: 'not-in', key, values: list(not) } as const]),
    ];
  });
  return conditions.length > 0 ? conditions : undefined;
}

/** Whether metadata meets a filter: the meaning that every store's compiled form must have. */
export function matchesFilter(
  metadata: Readonly<Record<string, unknown>>,
  filter: Filter,
): boolean {
  return filter.every((condition) => {
    const value = Object.hasOwn(metadata, condition.key) ? metadata[condition.key] : undefined;
    const values = Array.isArray(value) ? value : [value];
    switch (condition.kind) {
      case 'in':
        return values.some((one) => condition.values.includes(one));
      case 'not-in':
        return !values.some((one) => condition.values.includes(one));
      case 'range':
        return values.some((one) => typeof one === 'number' && isWithin(one, condition));
    }
  });
}

function isWithin(value: number, { gte, gt, lte, lt }: Bounds): boolean {
  return (
    (gte === undefined || value >= gte) &&
    (gt === undefined || value > gt) &&
    (lte === undefined || value <= lte) &&
    (lt === undefined || value < lt)
  );
}

function countConditions(filters: Record<string, unknown>): number {
  return Object.values(filters).reduce<number>((count, value) => {
    if (!isObject(value)) return count + 1;
    const { not, ...bounds } = value;
    return count + (not === undefined ? 0 : 1) + (Object.keys(bounds).length > 0 ? 1 : 0);
  }, 0);
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
