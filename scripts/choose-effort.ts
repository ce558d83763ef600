import type { EffortChoice, SweepPoint } from './effort-sweep.ts';

/** Whether texts and images both find what they should. */
export function reaches({ text, image }: SweepPoint, target: number): boolean {
  return (
    (text.queries === 0 || text.recall >= target) && (image.queries === 0 || image.recall >= target)
  );
}

/** What most searches cost: those of people are by text. The median, as it bears a noisy machine. */
export function costOf({ text, image }: SweepPoint): number {
  return text.queries > 0 ? text.p50_ms : image.p50_ms;
}

/** Those that reach the target, the cheapest first; of equal ones that of the smaller effort. */
export function rankEfforts(points: readonly SweepPoint[], target: number): SweepPoint[] {
  return points
    .filter((point) => reaches(point, target))
    .sort((a, b) => costOf(a) - costOf(b) || a.ef - b.ef || a.oversampling - b.oversampling);
}

/** So close to the cheapest that noise may have put them behind it. */
export function nearlyCheapest(ranked: readonly SweepPoint[]): SweepPoint[] {
  const [cheapest] = ranked;
  return cheapest
    ? ranked.filter((point) => costOf(point) <= 1.5 * costOf(cheapest)).slice(0, 8)
    : [];
}

export function isSameEffort(a: EffortChoice, b: EffortChoice): boolean {
  return a.ef === b.ef && a.oversampling === b.oversampling;
}

/** The one with the highest recall of texts, or of images where there are no texts. */
export function bestRecall(points: readonly SweepPoint[]): SweepPoint | undefined {
  const recall = ({ text, image }: SweepPoint) =>
    Math.min(text.queries > 0 ? text.recall : 1, image.queries > 0 ? image.recall : 1);
  return points.toSorted((a, b) => recall(b) - recall(a) || costOf(a) - costOf(b))[0];
}
