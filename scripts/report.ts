import type { Outcome } from '../core/indexer.ts';

const shownReasons = 5;

/** Counts what became of files, for the line at the end of a run. */
export interface Report {
  add(outcomes: readonly Outcome[]): void;
  counts(): Readonly<Record<Outcome['outcome'], number>>;
  /** One line, and below it the first reasons where files failed. */
  summary(): string;
}

export function createReport(): Report {
  const counts = { indexed: 0, skipped: 0, failed: 0, removed: 0 };
  const reasons: string[] = [];
  return {
    add(outcomes) {
      for (const { outcome, path, reason } of outcomes) {
        counts[outcome] += 1;
        if (reason !== undefined && reasons.length < shownReasons) {
          reasons.push(`  ${path}: ${reason}`);
        }
      }
    },
    counts: () => ({ ...counts }),
    summary() {
      const { indexed, skipped, failed, removed } = counts;
      const line = `${indexed} indexed, ${skipped} skipped, ${failed} failed${removed > 0 ? `, ${removed} removed` : ''}.`;
      const more = failed - reasons.length;
      return [line, ...reasons, ...(more > 0 ? [`  … and ${more} more`] : [])].join('\n');
    },
  };
}
