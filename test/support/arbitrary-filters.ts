import fc from 'fast-check';
import type { Condition, Filter, Scalar } from '../../core/filter.ts';

// Few keys and few values, so that filters meet records; some of them awkward.
const keys = fc.constantFrom('category', 'width', 'a', 'b.c', '-', 'constructor');

const numbers = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: 0, max: 100_000 }),
  fc.constantFrom(0.1, -0.1, 640, 640.5, 1.7e308, -1.7e308, 5e-324, 1_700_000_000_000, 2 ** 53),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const scalars: fc.Arbitrary<Scalar> = fc.oneof(
  numbers,
  fc.boolean(),
  fc.constantFrom('', 'cat', 'dog', '1', 'true', "x' or 1=1", '\\', 'null'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

const values = fc.oneof(
  { weight: 4, arbitrary: scalars },
  { weight: 2, arbitrary: fc.array(scalars, { maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);

/** What a picture may have besides the fixed fields. */
export const arbitraryMetadata = fc
  .dictionary(
    keys.filter((key) => key !== 'category' && key !== 'width'),
    values,
    { maxKeys: 4 },
  )
  .chain((own) =>
    fc
      .record({
        category: fc.constantFrom('cat', 'dog', '', null),
        width: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(640, 4_000)),
      })
      .map((fixed) => ({ ...own, ...fixed })),
  );

const bounds = fc
  .record({ gte: numbers, gt: numbers, lte: numbers, lt: numbers }, { requiredKeys: [] })
  .filter((given) => Object.keys(given).length > 0);

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('in', 'not-in'),
    key: keys,
    values: fc.array(scalars, { minLength: 1, maxLength: 6 }),
  }),
  fc.record({ key: keys, given: bounds }).map(({ key, given }) => {
    return { kind: 'range', key, ...given } as const;
  }),
);

/** Any filter of the filter language. */
export const arbitraryFilter: fc.Arbitrary<Filter> = fc.array(condition, {
  minLength: 1,
  maxLength: 4,
});
