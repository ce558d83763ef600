import { failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

/** How much is asked of an environment in a month: the part of the cost that no setting says. */
export interface CostUsage {
  readonly searchesPerMonth: number;
  /** Of the searches, answered by CloudFront. */
  readonly hitShare: number;
  /** Of those that reach the edge, answered from its cache. */
  readonly cacheShare: number;
  /** Thumbnails that a search shows. */
  readonly thumbnailsPerSearch: number;
  readonly pictures: number;
  readonly pictureKb: number;
  readonly uploadsPerMonth: number;
  /** Above the least number of tasks, on average. */
  readonly moreTasks: number;
  /** Of the daily quota of language models, where they are on. */
  readonly llmShare: number;
}

const few: CostUsage = {
  searchesPerMonth: 10_000,
  hitShare: 0.3,
  cacheShare: 0.3,
  thumbnailsPerSearch: 10,
  pictures: 10_000,
  pictureKb: 1000,
  uploadsPerMonth: 1000,
  moreTasks: 0,
  llmShare: 0.5,
};

/** What is assumed where nothing is said; another environment is taken for a small one. */
const defaultUsage: Readonly<Record<string, CostUsage>> = {
  dev: few,
  staging: { ...few, searchesPerMonth: 100_000, pictures: 100_000, uploadsPerMonth: 10_000 },
  prod: {
    ...few,
    searchesPerMonth: 10_000_000,
    pictures: 5_000_000,
    uploadsPerMonth: 300_000,
    moreTasks: 0.5,
  },
};

export function usageOf(environment: string): CostUsage {
  return defaultUsage[environment] ?? few;
}

/** Each is an option of `npm run cost`. */
export const usageOptions = {
  'searches-per-month': { field: 'searchesPerMonth', max: 1e12, about: 'searches in a month' },
  'hit-share': { field: 'hitShare', max: 1, about: 'of these answered by CloudFront, 0 to 1' },
  'cache-share': {
    field: 'cacheShare',
    max: 1,
    about: 'of the rest answered from the cache of the edge',
  },
  'thumbnails-per-search': {
    field: 'thumbnailsPerSearch',
    max: 100,
    about: 'pictures that a search shows',
  },
  pictures: { field: 'pictures', max: 1e10, about: 'pictures that are kept' },
  'picture-kb': { field: 'pictureKb', max: 1e6, about: 'size of one, KB' },
  'uploads-per-month': { field: 'uploadsPerMonth', max: 1e10, about: 'of these new in a month' },
  'more-tasks': {
    field: 'moreTasks',
    max: 1000,
    about: 'tasks of the service above the least number, on average',
  },
  'llm-share': { field: 'llmShare', max: 1, about: 'of the quota of language models that is used' },
} as const satisfies Record<string, { field: keyof CostUsage; max: number; about: string }>;

/** @param given Texts of options, by their names. */
export function parseUsage(
  environment: string,
  given: Readonly<Record<string, string | undefined>>,
): Result<CostUsage, Failure> {
  const asked: Partial<Record<keyof CostUsage, number>> = {};
  for (const [name, { field, max }] of Object.entries(usageOptions)) {
    const text = given[name];
    if (text === undefined) continue;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= 0 && value <= max)) {
      const why = `--${name} must be a number from 0 to ${max}: ${text}`;
      return err(failure('invalid_field', `Cannot run as ${why}`));
    }
    asked[field] = value;
  }
  return ok({ ...usageOf(environment), ...asked });
}
