import type { QueriesReport } from './evaluate-queries.ts';
import type { HitRates } from './evaluate-likeness.ts';
import { formatTable } from './text-table.ts';

interface Shown extends QueriesReport {
  readonly model: string;
  readonly pictures: number;
  readonly queries: string;
  readonly shortfalls: readonly string[];
}

/** For people: what each kind of query does in all, and a line for each query. */
export function formatQueries(report: Shown): string {
  const { exclude, like, diversity, shortfalls } = report;
  const head = `${report.pictures} demo pictures, model ${report.model}, ${report.queries}; top 10 each`;
  const parts = [
    head,
    formatExclude(exclude),
    formatLike(like),
    formatDiversity(diversity),
    formatCutoff(report.cutoff),
  ];
  const end = shortfalls.length === 0 ? 'All as it is to be.' : shortfalls.join('\n');
  return `${[...parts, end].join('\n\n')}\n`;
}

function formatExclude({ rows, excluded, right, fall, right_kept }: QueriesReport['exclude']) {
  const table = formatTable(
    ['query', 'without', 'excluded before', 'after', 'right before', 'after'],
    rows.map((row) => [
      row.query,
      row.exclude.join(', '),
      ...[row.excluded.before, row.excluded.after, row.right.before, row.right.after].map(String),
    ]),
  );
  return `exclude, ${rows.length} queries: excluded pictures ${excluded.before} → ${excluded.after} (${percent(-fall)}), right ones ${right.before} → ${right.after} (${percent(right_kept - 1)})\n${table}`;
}

function formatLike({ rows, hits }: QueriesReport['like']) {
  const table = formatTable(
    ['like', 'and', 'first right: both', 'text alone', 'picture alone'],
    rows.map(({ like, query, rank }) => [
      like.map((key) => key.replace(/^.*\/|\.png$/g, '')).join(', '),
      query,
      ...[rank.both, rank.text, rank.image].map((place) => String(place ?? '-')),
    ]),
  );
  const said = (rates: HitRates) =>
    [rates.at_1, rates.at_3, rates.at_10]
      .map((share) => `${Math.round(share * 100)} %`)
      .join(' / ');
  return `like + text, ${rows.length} queries: a right picture first / in the top 3 / 10: both ${said(hits.both)}, text alone ${said(hits.text)}, picture alone ${said(hits.image)}\n${table}`;
}

function formatDiversity({ rows, similarity, right, ...all }: QueriesReport['diversity']) {
  const table = formatTable(
    ['query', 'similarity before', 'after', 'best kept', 'right before', 'after'],
    rows.map((row) => [
      row.query,
      row.similarity.before.toFixed(3),
      row.similarity.after.toFixed(3),
      row.best_kept ? 'yes' : 'no',
      ...[row.right.before, row.right.after].map(String),
    ]),
  );
  return `diversity ${all.diversity}, ${rows.length} queries: mean similarity ${similarity.before.toFixed(3)} → ${similarity.after.toFixed(3)} (${percent(-all.fall)}), best kept ${percent(all.best_kept).slice(1)}, right ones ${right.before} → ${right.after}\n${table}`;
}

function formatCutoff({
  queries,
  results,
  precision,
  right_kept,
  nonsense,
}: QueriesReport['cutoff']) {
  const shares = [precision.before, precision.after, right_kept].map(
    (share) => `${Math.round(share * 100)} %`,
  );
  return `score_threshold auto, ${queries} names, keywords and phrases: results ${results.before.toFixed(1)} → ${results.after.toFixed(1)}, right of them ${shares[0]} → ${shares[1]}, right ones kept ${shares[2]}; ${nonsense.queries} texts that mean nothing: results ${nonsense.results.before.toFixed(1)} → ${nonsense.results.after.toFixed(1)}`;
}

/** With a sign: what has changed. */
function percent(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(Math.round(share * 1000) / 10)} %`;
}
