import type { ModelInfo } from '../core/ports.ts';
import type { ReindexReport, ReindexStep } from '../core/reindex.ts';

/** What is said when a part begins. */
export const stepNames: Readonly<Record<ReindexStep, string>> = {
  copying: 'Copying',
  'catching-up': 'Looking for what has changed meanwhile',
  optimizing: 'Building what makes searches fast',
  publishing: 'Putting it in the place of the old index',
  settling: 'Bringing what was written during the switch',
};

const shownReasons = 5;

/** A line with the counts, and below it the first pictures that are missing, with the reason. */
export function describeReport(
  { added, removed, leftOut }: ReindexReport,
  before: Pick<ModelInfo, 'id'>,
  after: Pick<ModelInfo, 'id'>,
): string {
  const gone = removed > 0 ? `, ${removed} taken out again` : '';
  const missing = leftOut.length > 0 ? `, ${leftOut.length} left out` : '';
  const models = before.id === after.id ? after.id : `${after.id} in place of ${before.id}`;
  const reasons = leftOut
    .slice(0, shownReasons)
    .map(({ record, failure }) => `  ${record.metadata.file_path}: ${failure.detail}`);
  const more = leftOut.length - reasons.length;
  return [
    `Reindexed with ${models}: ${added} put in${gone}${missing}.`,
    ...reasons,
    ...(more > 0 ? [`  … and ${more} more`] : []),
    '',
  ].join('\n');
}
