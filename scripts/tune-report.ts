import { type Curve, type CurvePoint, drawCurve } from './curve-svg.ts';
import { efs, type EffortChoice, oversamplings, type SweepPoint } from './effort-sweep.ts';
import { formatTable } from './text-table.ts';
import type { Tuned } from './tune-effort.ts';

/** The curve as lines of text: a row for each ef and oversampling. */
export function formatCurve({ curve }: Tuned): string {
  const rows = curve.map(({ ef, oversampling, text, image }) => [
    String(ef),
    String(oversampling),
    ...(text.queries > 0
      ? [text.recall.toFixed(4), text.p50_ms.toFixed(2), text.p95_ms.toFixed(2)]
      : ['', '', '']),
    ...(image.queries > 0 ? [image.recall.toFixed(4), image.p95_ms.toFixed(2)] : ['', '']),
  ]);
  const head = ['ef', 'oversampling', 'texts', 'p50 ms', 'p95 ms', 'images', 'p95 ms'];
  return formatTable(head, rows);
}

/** What was chosen, and what both halves say of it. */
export function formatChoice({ chosen, best }: Tuned, target: number): string {
  if (chosen) {
    const { first, second } = chosen;
    return `The cheapest that reaches ${target}: ${nameOf(first)}.\n  the half it was chosen by: ${recallsOf(first)}\n  the other half: ${recallsOf(second)}\n`;
  }
  const most = best ? `: the most is ${recallsOf(best)} at ${nameOf(best)}` : '';
  return `Nothing that was tried reaches ${target} on both halves${most}.\n`;
}

export function nameOf({ ef, oversampling }: EffortChoice): string {
  return `ef ${ef}, oversampling ${oversampling}`;
}

function recallsOf({ text, image }: SweepPoint): string {
  const parts = [
    ...(text.queries > 0
      ? [
          `texts ${text.recall.toFixed(4)}, p50 ${text.p50_ms.toFixed(2)} ms, p95 ${text.p95_ms.toFixed(2)} ms`,
        ]
      : []),
    ...(image.queries > 0 ? [`images ${image.recall.toFixed(4)}`] : []),
  ];
  return parts.join('; ');
}

export interface PlotOptions {
  readonly collection: string;
  readonly count: number;
  readonly k: number;
  readonly target: number;
}

/** Recall against time: a line for each oversampling, and one for images. */
export function plotTuned({ curve, chosen }: Tuned, options: PlotOptions): string {
  const { collection, count, k, target } = options;
  const oversampling = chosen?.first.oversampling ?? 2;
  const kinds = (['text', 'image'] as const).filter((kind) =>
    curve.some((point) => point[kind].queries > 0),
  );
  const [main = 'text'] = kinds;
  const lines = [
    ...oversamplings.map((one, place) => ({
      name: place === 0 ? `${main}s, oversampling ${one}` : `oversampling ${one}`,
      points: pointsOf(curve, main, one, one === oversampling),
    })),
    ...(kinds.includes('image') && main === 'text'
      ? [
          {
            name: 'images',
            points: pointsOf(curve, 'image', oversampling, false),
          },
        ]
      : []),
  ];
  const plot: Curve = {
    title: `${collection}: ${count.toLocaleString('en')} vectors, what a search finds and costs by ef`,
    recallName: `Recall@${k}`,
    target,
    lines,
    ...(chosen && { chosen: pointOf(chosen.first, main, nameOf(chosen.first)) }),
  };
  return drawCurve(plot);
}

function pointsOf(
  curve: readonly SweepPoint[],
  kind: 'text' | 'image',
  oversampling: number,
  labelled: boolean,
): CurvePoint[] {
  return efs.flatMap((ef) => {
    const point = curve.find((one) => one.ef === ef && one.oversampling === oversampling);
    return point ? [pointOf(point, kind, labelled ? String(ef) : '')] : [];
  });
}

function pointOf(point: SweepPoint, kind: 'text' | 'image', label: string): CurvePoint {
  return { recall: point[kind].recall, p95_ms: point[kind].p95_ms, label };
}
