import type { RecallReport } from './evaluate-recall.ts';
import type { RecallRow } from './evaluation-tallies.ts';
import { formatTable } from './text-table.ts';

export interface RecallSettings {
  readonly store: string;
  readonly m: number;
  readonly ef_construct: number;
  readonly search_space: string;
  readonly truth: string;
}

/** For people: how it was built, and a line for each kind of query. */
export function formatRecall(report: RecallReport & RecallSettings): string {
  const { rows, builds, store, m, ef_construct: efConstruct } = report;
  const table = formatTable(
    ['queries', 'filter', 'k', 'recall', 'p50 ms', 'p95 ms', 'p99 ms', 'asked'],
    rows.map((row) => [
      row.from,
      filterName(row),
      String(row.k),
      row.recall.toFixed(4),
      ...[row.p50_ms, row.p95_ms, row.p99_ms].map((ms) => ms.toFixed(2)),
      String(row.queries),
    ]),
  );
  const lines = builds.map(({ collection, insert_seconds: insert, optimize_seconds: optimize }) => {
    const { effort, vectorsCount, indexed, searchSpace } = collection;
    const how = effort.exact
      ? 'every vector is looked at'
      : `ef ${effort.ef}, oversampling ${effort.oversampling}`;
    return `${vectorsCount} vectors in ${insert.toFixed(1)} s, graph in ${optimize.toFixed(1)} s, ${Math.round(indexed * 100)} % indexed; ${how}; ${searchSpace ? `search space ${searchSpace.slice(0, 8)}` : 'no search space'}`;
  });
  return `${store}, m ${m}, ef_construct ${efConstruct}; nearest: ${report.truth}; search space made from: ${spaceSource(report.search_space)}\n${lines.join('\n')}\n\n${table}\n`;
}

function filterName({ filter, share }: RecallRow): string {
  return filter === 'all' ? 'none' : `${filter} ${share}`;
}

function spaceSource(name: string): string {
  return name === 'halves' ? 'the other half of the queries, for each half' : name;
}
