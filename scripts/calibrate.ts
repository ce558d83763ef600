import type { Async } from '../core/failure.ts';
import type { SearchQuery, SearchResponse } from '../core/model.ts';
import type { Calibration } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { fitCalibration, type LabelledScore } from './calibrate-fit.ts';
import { type CalibrationQuality, measureCalibration } from './calibrate-quality.ts';
import { wrongArgument } from './command.ts';

/** A text, and whether a result is right for it. */
export interface JudgedQuery {
  /** What is told of apart: names, phrases … */
  readonly kind: string;
  readonly query: string;
  isRight(hit: SearchResponse['results'][number]): boolean;
}

export interface CalibrationReport {
  readonly queries: number;
  readonly calibration: Calibration;
  /** Of the half that was fitted, and of the other. */
  readonly fitted: CalibrationQuality;
  readonly held_out: CalibrationQuality;
  /** The other half, kind by kind: the one curve is for all of them. */
  readonly kinds: Readonly<Record<string, Omit<CalibrationQuality, 'bins'>>>;
}

/** Results of a text that are looked at. */
const looked = 10;

/**
 * Asks for the top 10 of every text, and fits a curve to every other text.
 *
 * @param onAsked Is told of each text.
 */
export async function calibrate(
  ask: (query: Partial<SearchQuery>) => Async<SearchResponse>,
  queries: readonly JudgedQuery[],
  onAsked: () => void,
): Async<CalibrationReport> {
  const samples: { readonly kind: string; readonly scores: readonly LabelledScore[] }[] = [];
  for (const { kind, query, isRight } of queries) {
    const answer = await ask({ query, top_k: looked });
    if (!answer.ok) return answer;
    const scores = answer.value.results.map((hit) => ({ score: hit.score, right: isRight(hit) }));
    samples.push({ kind, scores });
    onAsked();
  }
  const half = (which: number) => samples.filter((_, place) => place % 2 === which);
  const scoresOf = (some: typeof samples) => some.flatMap(({ scores }) => scores);
  const calibration = fitCalibration(scoresOf(half(0)));
  if (calibration === undefined) {
    return wrongArgument(
      'there is nothing to learn from these texts: some results must be right, some wrong, and the right ones have the higher scores',
    );
  }
  const kinds = [...new Set(samples.map(({ kind }) => kind))].map((kind) => {
    const some = half(1).filter((one) => one.kind === kind);
    const { bins: _, ...quality } = measureCalibration(calibration, scoresOf(some));
    return [kind, quality] as const;
  });
  return ok({
    queries: queries.length,
    calibration,
    fitted: measureCalibration(calibration, scoresOf(half(0))),
    held_out: measureCalibration(calibration, scoresOf(half(1))),
    kinds: Object.fromEntries(kinds),
  });
}
