import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
  oneof,
  record,
  string,
} from 'fast-check';
import type { Condition, Filter, Scalar } from '../../core/filter.ts';

// Few keys and few values, so that filters meet records; some of them awkward.
const keys = constantFrom('category', 'width', 'a', 'b.c', '-', 'constructor');

const numbers = oneof(
  integer({ min: -20, max: 20 }),
  integer({ min: 0, max: 100_000 }),
  constantFrom(0.1, -0.1, 640, 640.5, 1.7e308, -1.7e308, 5e-324, 1_700_000_000_000, 2 ** 53),
  double({ noNaN: true, noDefaultInfinity: true }),
);

const scalars: Arbitrary<Scalar> = oneof(
  numbers,
  boolean(),
  constantFrom('', 'cat', 'dog', '1', 'true', "x' or 1=1", '\\', 'null'),
  string({ unit: 'binary', maxLength: 8 }),
);

const values = oneof(
  { weight: 4, arbitrary: scalars },
  { weight: 2, arbitrary: array(scalars, { maxLength: 5 }) },
  { weight: 1, arbitrary: constant(null) },
);

/** What a picture may have besides the fixed fields. */
export const arbitraryMetadata = dictionary(
  keys.filter((key) => key !== 'category' && key !== 'width'),
  values,
  { maxKeys: 4 },
).chain((own) =>
  record({
    category: constantFrom('cat', 'dog', '', null),
    width: oneof(integer({ min: 1, max: 30 }), constantFrom(640, 4_000)),
  }).map((fixed) => ({ ...own, ...fixed })),
);

const bounds = record(
  { gte: numbers, gt: numbers, lte: numbers, lt: numbers },
  { requiredKeys: [] },
).filter((given) => Object.keys(given).length > 0);

const condition: Arbitrary<Condition> = oneof(
  record({
    kind: constantFrom('in', 'not-in'),
    key: keys,
    values: array(scalars, { minLength: 1, maxLength: 6 }),
  }),
  record({ key: keys, given: bounds }).map(({ key, given }) => {
    return { kind: 'range', key, ...given } as const;
  }),
);

/** Any filter of the filter language. */
export const arbitraryFilter: Arbitrary<Filter> = array(condition, {
  minLength: 1,
  maxLength: 4,
});
