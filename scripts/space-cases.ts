import { computeSearchSpace, type SearchSpaceSamples } from '../core/compute-search-space.ts';
import { failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { createSearchSpace } from '../core/search-space.ts';

/** One way to keep vectors, to be compared with others. */
export interface SpaceCase {
  readonly name: string;
  /** `undefined`: as the model makes them, by cosine. */
  make(samples: SearchSpaceSamples): Result<SearchSpace | undefined, Failure>;
}

/** Each has one thing more than the one before. */
export const steps: readonly SpaceCase[] = [
  { name: 'plain cosine', make: () => ok(undefined) },
  { name: 'centred', make: (samples) => map(compute({ ...samples, rank: 0 }), withoutTexts) },
  {
    name: 'and the part along the texts',
    make: (samples) => map(compute({ ...samples, rank: 0 }), withoutEvenLengths),
  },
  { name: 'and stretched', make: (samples) => map(compute(samples), withoutEvenLengths) },
  { name: 'and even lengths (the default)', make: compute },
  {
    name: 'the same, all directions',
    make: (samples) => compute({ ...samples, rank: samples.texts[0]?.length ?? 0 }),
  },
];

function compute(samples: SearchSpaceSamples): Result<SearchSpace, Failure> {
  const space = computeSearchSpace(samples);
  if (space.ok) return space;
  return err(failure('invalid_field', `Cannot compute a search space as ${space.error}`));
}

function withoutTexts({ statistics }: SearchSpace): SearchSpace {
  const none = new Float32Array(statistics.textMean.length);
  return withoutEvenLengths(createSearchSpace({ ...statistics, textMean: none, textScale: 1 }));
}

/** So short that no vector is filled up to it. */
function withoutEvenLengths({ statistics }: SearchSpace): SearchSpace {
  return createSearchSpace({ ...statistics, evenLength: 1e-6 });
}

function map(
  space: Result<SearchSpace, Failure>,
  change: (space: SearchSpace) => SearchSpace,
): Result<SearchSpace, Failure> {
  return space.ok ? ok(change(space.value)) : space;
}
