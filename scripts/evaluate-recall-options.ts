import { parseArgs } from 'node:util';
import type { Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { parseCount, wrongArgument } from './command.ts';

export const recallHelp = `Which share of the nearest vectors an index finds, and how fast: builds an index of its own with the
settings in force (VECTOR_STORE, QDRANT_HNSW_*, SEARCH_SPACE), asks it, and removes it.

  npm run evaluate -- recall --vectors V.npy --queries Q.npy [options]

  --vectors <V.npy>        image vectors, a row each, float16 or float32
  --queries <Q.npy>        text vectors, the same length
  --nearest <N.npy>        the exact nearest rows of each query, best first, int32; left out: computed
  --k <n>                  recall@n is what --min-recall looks at, beside 1, 10 and 100 (10)
  --filter-share <a,b>     also with filters that keep such shares of the rows: by chance, and
                           those nearest to one picture (0.5,0.1,0.01; none: without)
  --image-queries <n>      rows whose own nearest rows are asked for, as for similar pictures (200)
  --search-space <how>     what the search space is made from, never the queries that are asked:
                           halves: one half of the queries for those of the other, in two indexes (the
                           default), or a file of other text vectors (T.npy)
  --plain                  no search space, as SEARCH_SPACE=off
  --exact-up-to <n>        embedded: up to so many vectors every one is looked at (the store's own)
  --seed <n>               of everything that is chosen by chance (1)
  --min-recall <r>         exit code 2 when recall@k without filters is below, 0 to 1
  --min-filtered-recall <r>  the same with any filter
  --json                   for machines
  --help                   this text
`;

export type RecallOptions = ReturnType<typeof parseRecallArguments>;

export function parseRecallArguments(args: string[]) {
  return parseArgs({
    args,
    options: {
      vectors: { type: 'string' },
      queries: { type: 'string' },
      nearest: { type: 'string' },
      k: { type: 'string', default: '10' },
      'filter-share': { type: 'string', default: '0.5,0.1,0.01' },
      'image-queries': { type: 'string', default: '200' },
      'search-space': { type: 'string', default: 'halves' },
      plain: { type: 'boolean', default: false },
      'exact-up-to': { type: 'string' },
      seed: { type: 'string', default: '1' },
      'min-recall': { type: 'string' },
      'min-filtered-recall': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

export interface RecallNumbers {
  readonly k: number;
  readonly filterShares: readonly number[];
  readonly imageQueries: number;
  readonly exactUpTo: number | undefined;
  readonly seed: number;
  readonly minRecall: number | undefined;
  readonly minFilteredRecall: number | undefined;
}

export function parseRecallNumbers(options: RecallOptions): Result<RecallNumbers, Failure> {
  const k = parseCount('k', options.k, { min: 1, max: 1000 });
  if (!k.ok) return k;
  const seed = parseCount('seed', options.seed, { min: 0, max: 1_000_000 });
  if (!seed.ok) return seed;
  const imageQueries = parseCount('image-queries', options['image-queries'], {
    min: 0,
    max: 10_000,
  });
  if (!imageQueries.ok) return imageQueries;
  const exactUpTo = parseCount('exact-up-to', options['exact-up-to'] ?? '0', {
    min: 0,
    max: 10 ** 9,
  });
  if (!exactUpTo.ok) return exactUpTo;
  const filterShares = parseShares(options['filter-share']);
  if (!filterShares.ok) return filterShares;
  const minRecall = parseShare('min-recall', options['min-recall']);
  if (!minRecall.ok) return minRecall;
  const minFilteredRecall = parseShare('min-filtered-recall', options['min-filtered-recall']);
  if (!minFilteredRecall.ok) return minFilteredRecall;
  return ok({
    k: k.value,
    seed: seed.value,
    imageQueries: imageQueries.value,
    exactUpTo: options['exact-up-to'] === undefined ? undefined : exactUpTo.value,
    filterShares: filterShares.value,
    minRecall: minRecall.value,
    minFilteredRecall: minFilteredRecall.value,
  });
}

function parseShares(list: string): Result<number[], Failure> {
  if (list === 'none') return ok([]);
  const shares = list.split(',').map(Number);
  if (shares.every((share) => share > 0 && share < 1) && shares.length <= 8) return ok(shares);
  return wrongArgument(`--filter-share must be up to 8 numbers between 0 and 1: ${list}`);
}

/** A share from 0 to 1 from an option, or a sentence that names the option. */
export function parseShare(
  name: string,
  value: string | undefined,
): Result<number | undefined, Failure> {
  if (value === undefined) return ok(undefined);
  const share = value.trim() === '' ? Number.NaN : Number(value);
  if (share >= 0 && share <= 1) return ok(share);
  return wrongArgument(`--${name} must be a number from 0 to 1: ${value}`);
}
