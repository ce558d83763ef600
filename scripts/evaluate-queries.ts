import type { Async } from '../core/failure.ts';
import { imageId } from '../core/image-id.ts';
import { ok } from '../core/result.ts';
import { labelDemoQueries } from './calibrate-demo.ts';
import { type CutoffReport, evaluateCutoff } from './evaluate-cutoff.ts';
import { type DiversityReport, evaluateDiversity } from './evaluate-diversity.ts';
import { type ExcludeReport, evaluateExclusion } from './evaluate-exclusion.ts';
import { evaluateLikeness, type LikeReport } from './evaluate-likeness.ts';
import type { EvaluationIndex } from './evaluation-index.ts';
import type { LabelsOf } from './evaluation-labels.ts';
import type { EvaluationQueries } from './evaluation-queries.ts';
import { wrongArgument } from './command.ts';

export interface QueriesReport {
  readonly exclude: ExcludeReport;
  readonly like: LikeReport;
  readonly diversity: DiversityReport;
  readonly cutoff: CutoffReport;
}

/** The least that is good enough. */
export interface QueriesBars {
  /** By which share excluded pictures in the top 10 become fewer. */
  readonly minFall: number;
  /** Right pictures with `exclude`, as a share of those without. */
  readonly minRightKept: number;
  /** By which share the mean similarity of results falls with `diversity`. */
  readonly minSimilarityFall: number;
}

/** Asks every query with and without what it is about. */
export async function evaluateQueries(
  index: Pick<EvaluationIndex, 'ask' | 'keys' | 'store'>,
  queries: EvaluationQueries,
  labelsOf: LabelsOf,
): Async<QueriesReport> {
  const keys = queries.like.flatMap(({ like }) => like);
  const unknown = keys.find((key) => !index.keys.has(imageId(key)));
  if (unknown !== undefined) return wrongArgument(`no demo picture has this key: ${unknown}`);
  const exclude = await evaluateExclusion(index, queries.exclude, labelsOf);
  if (!exclude.ok) return exclude;
  const like = await evaluateLikeness(index, queries.like, labelsOf);
  if (!like.ok) return like;
  const diversity = await evaluateDiversity(index, queries.diversity, labelsOf);
  if (!diversity.ok) return diversity;
  // Not those that the calibration was fitted to: of these it knows the even ones.
  const labelled = await labelDemoQueries(index.keys.values(), labelsOf);
  const some = labelled.filter((_, place) => place % 8 === 3);
  const cutoff = await evaluateCutoff(index, some, queries.nonsense);
  if (!cutoff.ok) return cutoff;
  return ok({
    exclude: exclude.value,
    like: like.value,
    diversity: diversity.value,
    cutoff: cutoff.value,
  });
}

/** What is not good enough, a sentence each; none where all is. */
export function findShortfalls(report: QueriesReport, bars: QueriesBars): string[] {
  const { exclude, like, diversity } = report;
  const { both, text, image } = like.hits;
  const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;
  return [
    ...(exclude.fall < bars.minFall
      ? [
          `exclude: excluded pictures fall by ${percent(exclude.fall)}, not ${percent(bars.minFall)}`,
        ]
      : []),
    ...(exclude.right_kept < bars.minRightKept
      ? [
          `exclude: ${percent(exclude.right_kept)} of the right pictures are left, not ${percent(bars.minRightKept)}`,
        ]
      : []),
    ...(both.at_3 <= Math.max(text.at_3, image.at_3)
      ? [
          `like: picture and text together find no more (${percent(both.at_3)}) than one of them alone`,
        ]
      : []),
    ...(diversity.fall < bars.minSimilarityFall
      ? [
          `diversity: similarity falls by ${percent(diversity.fall)}, not ${percent(bars.minSimilarityFall)}`,
        ]
      : []),
    ...(diversity.best_kept < 1
      ? [
          `diversity: the best result stays for ${percent(diversity.best_kept)} of the queries, not for all`,
        ]
      : []),
  ];
}
