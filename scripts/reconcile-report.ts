import type { ReconcileReport } from '../core/reconcile.ts';
import { formatTable } from './text-table.ts';

/** What people read of a run. */
export function describeReconcile(
  report: ReconcileReport,
  { hasQueue }: { readonly hasQueue: boolean },
): string {
  const { root, pictures, indexed, otherRoots, dryRun } = report;
  const head = `${root}: ${many(pictures)} listed, ${many(indexed)} in the index${
    otherRoots > 0 ? ` (and ${otherRoots.toLocaleString('en')} of other places)` : ''
  }`;
  const lines = [head, formatTable(['', '', ''], rowsOf(report)).replace(/^\n/, '')];
  const wanting = report.missing + report.stale;
  if (wanting > 0 && !hasQueue) {
    lines.push(`\`npm run index -- ${root}\` indexes the missing and the stale.`);
  } else if (wanting > 0) {
    const sent = report.sent.toLocaleString('en');
    lines.push(dryRun ? `${sent} would be sent to the queue.` : `${sent} were sent to the queue.`);
  }
  if (dryRun) lines.push('Nothing was changed.');
  if (!report.finished) lines.push(`Not finished: it stopped ${whereOf(report)}.`);
  return `${lines.join('\n')}\n`;
}

function rowsOf(report: ReconcileReport): string[][] {
  const gone = report.dryRun ? 'would be removed' : 'removed';
  const rows: readonly (readonly [string, number, string])[] = [
    ['missing', report.missing, 'in the bucket alone'],
    ['stale', report.stale, 'indexed in an older state'],
    ['rejected', report.rejected, 'cannot be indexed: .picture-search/rejects/ says why'],
    ['orphans', report.orphans, `in the index alone: ${gone}`],
    ['leftovers', report.leftovers, `thumbnails and rejects of pictures that are gone: ${gone}`],
  ];
  return rows.map(([name, count, what]) => [`  ${name}`, count.toLocaleString('en'), what]);
}

function whereOf({ step, lastKey }: ReconcileReport): string {
  if (step === 'scanning') return 'when it looked for orphans';
  if (step === 'leftovers') return 'when it looked for leftovers';
  return lastKey === null ? 'before the first picture' : `after ${lastKey}`;
}

function many(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'picture' : 'pictures'}`;
}
