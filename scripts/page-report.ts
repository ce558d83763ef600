import { percentile } from '../core/rolling-window.ts';
import type { FirstPaint } from './page-first-paint.ts';
import { formatTable } from './text-table.ts';

export const bars = { feedbackMs: 100, firstPaintMs: 1000 } as const;

export interface Numbers {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface ActionNumbers extends Numbers {
  /** What was changed first, most often. */
  readonly first: string;
  /** In milliseconds; null where none is set. */
  readonly barMs: number | null;
}

export interface MeasuredPage {
  readonly chromium: string;
  readonly script: { readonly bytes: number; readonly gzipBytes: number };
  readonly firstPaint: Readonly<Record<keyof FirstPaint, Numbers>>;
  /** From asking for a frame to the task after it. */
  readonly emptyFrame: Numbers;
  readonly actions: Readonly<Record<string, ActionNumbers>>;
}

export function summarize(milliseconds: readonly number[]): Numbers {
  const sorted = Float64Array.from(milliseconds).sort();
  return { p50Ms: percentile(sorted, 50), p95Ms: percentile(sorted, 95) };
}

export function summarizePaints(paints: readonly FirstPaint[]): MeasuredPage['firstPaint'] {
  const of = (key: keyof FirstPaint) => summarize(paints.map((paint) => paint[key]));
  return { paintMs: of('paintMs'), contentfulMs: of('contentfulMs'), readyMs: of('readyMs') };
}

export function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

export function isWithin({ firstPaint, actions }: MeasuredPage): boolean {
  const all = Object.values(actions).every(({ p95Ms, barMs }) => p95Ms <= (barMs ?? Infinity));
  return all && firstPaint.paintMs.p95Ms <= bars.firstPaintMs;
}

export function toText({ script, firstPaint, emptyFrame, actions }: MeasuredPage): string {
  const row = (name: string, { p50Ms, p95Ms }: Numbers, first = '') => [
    name,
    p50Ms.toFixed(1),
    p95Ms.toFixed(1),
    first,
  ];
  const table = formatTable(
    ['', 'p50 ms', 'p95 ms', 'first change'],
    [
      row('first paint, new browser', firstPaint.paintMs),
      row('first paint of content', firstPaint.contentfulMs),
      row('script has run', firstPaint.readyMs),
      row('an empty frame (what this machine allows)', emptyFrame),
      ...Object.entries(actions).map(([name, numbers]) => row(name, numbers, numbers.first)),
    ],
  );
  return `${table}\nScripts: ${script.bytes} bytes, ${script.gzipBytes} compressed\n`;
}
