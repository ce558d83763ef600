import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { parseShare } from './evaluate-recall-options.ts';
import type { QueriesBars } from './evaluate-queries.ts';

export const queriesHelp = `What exclude, like with a text, diversity and score_threshold auto do, on the demo pictures: asks
labelled queries with and without them. Draws the pictures once (DATA_DIR, .data), indexes them with the model in force into an
index of its own, and removes that.

  npm run evaluate -- queries [options]

  --queries <file>            labelled queries (scripts/evaluation-queries.json: 20 of each kind)
  --min-fall <r>              exclude: by which share excluded pictures in the top 10 become fewer, 0 to 1 (0.8)
  --min-right-kept <r>        exclude: right pictures in the top 10, as a share of those without it (0.85)
  --min-similarity-fall <r>   diversity .5: by which share results become less similar to each other (0.1)
  --thresholds <file>         numbers of the report that must be reached besides, such as
                              models/demo/thresholds.json
  --json                      for machines
  --help                      this text

Right and excluded is what people wrote about the pictures (names and keywords of emojibase), not what
the model says. Exit code 2 where one of these is not reached, where like with a text finds no more than
the picture or the text alone, or where diversity moves a best result.
`;

export type QueriesOptions = ReturnType<typeof parseQueriesArguments>;

export function parseQueriesArguments(args: string[]) {
  return parseArgs({
    args,
    options: {
      queries: { type: 'string', default: join(import.meta.dirname, 'evaluation-queries.json') },
      'min-fall': { type: 'string', default: '0.8' },
      'min-right-kept': { type: 'string', default: '0.85' },
      'min-similarity-fall': { type: 'string', default: '0.1' },
      thresholds: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

export function parseQueriesBars(options: QueriesOptions): Result<QueriesBars, Failure> {
  const minFall = parseShare('min-fall', options['min-fall']);
  if (!minFall.ok) return minFall;
  const minRightKept = parseShare('min-right-kept', options['min-right-kept']);
  if (!minRightKept.ok) return minRightKept;
  const minSimilarityFall = parseShare('min-similarity-fall', options['min-similarity-fall']);
  if (!minSimilarityFall.ok) return minSimilarityFall;
  return ok({
    minFall: minFall.value ?? 0,
    minRightKept: minRightKept.value ?? 0,
    minSimilarityFall: minSimilarityFall.value ?? 0,
  });
}
