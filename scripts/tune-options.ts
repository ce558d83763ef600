import { parseArgs } from 'node:util';
import type { Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { parseCount, wrongArgument } from './command.ts';
import { parseShare } from './evaluate-recall-options.ts';

export const tuneHelp = `Finds out how far searches have to look, on your own index, and keeps it with the index.

  npm run tune -- --target-recall 0.98 [options]

  --target-recall <r>   which share of the nearest is to be found, 0.5 to 1 (0.98)
  --k <n>               of how many: recall@n (10)
  --queries <file>      texts, one a line, or their vectors (Q.npy): what people search for
                        (models/spaces/query-texts.txt)
  --num-queries <n>     at most so many texts, and half as many pictures of the index (400)
  --search-space        instead: build the index anew in a search space made of its own vectors and these
                        texts, and keep it where it finds more
  --svg <file>          also draw the curve
  --dry-run             measure only, change nothing
  --json                for machines
  --help                this text

What is to be found is known from looking at every vector. One half of the queries chooses: the cheapest ef
and oversampling, by measured time, with which texts and pictures reach the target. The other half checks
it. Exit code 2 when nothing reaches the target. The index is in DATA_DIR (.data): stop \`npm start\`
meanwhile, as one process at a time may have it open; or it is in Qdrant, with VECTOR_STORE=qdrant.
`;

export interface TuneArguments {
  readonly target: number;
  readonly k: number;
  readonly numQueries: number;
  readonly queries: string | undefined;
  readonly svg: string | undefined;
  readonly searchSpace: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** @returns `undefined` where help is asked for. */
export function parseTuneArguments(args: string[]): Result<TuneArguments | undefined, Failure> {
  const { values } = parseArgs({
    args,
    options: {
      'target-recall': { type: 'string', default: '0.98' },
      k: { type: 'string', default: '10' },
      queries: { type: 'string' },
      'num-queries': { type: 'string', default: '400' },
      'search-space': { type: 'boolean', default: false },
      svg: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return ok(undefined);
  const target = parseShare('target-recall', values['target-recall']);
  if (!target.ok) return target;
  if (target.value === undefined || target.value < 0.5) {
    return wrongArgument(`--target-recall must be from 0.5 to 1: ${values['target-recall']}`);
  }
  const k = parseCount('k', values.k, { min: 1, max: 100 });
  if (!k.ok) return k;
  const numQueries = parseCount('num-queries', values['num-queries'], { min: 20, max: 10_000 });
  if (!numQueries.ok) return numQueries;
  return ok({
    target: target.value,
    k: k.value,
    numQueries: numQueries.value,
    queries: values.queries,
    svg: values.svg,
    searchSpace: values['search-space'],
    dryRun: values['dry-run'],
    json: values.json,
  });
}
