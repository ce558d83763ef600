import type { PhaseSummary, Target } from '../functions/benchmark/summarize.ts';

/** @param cached Whether every request was to be a hit. */
export function toTable(summary: PhaseSummary, cached: boolean, target?: Target): string {
  const columns = ['p50', 'p90', 'p95', 'p99', 'min', 'max', 'mean', 'stdev'] as const;
  const cell = (text: string) => text.padStart(9);
  const rows = Object.entries(summary.stages).map(
    ([stage, numbers]) =>
      `${stage.padEnd(9)}${columns.map((column) => cell(numbers[column].toFixed(3))).join('')}`,
  );
  const head = 'ms       ' + columns.map(cell).join('');
  const verdict = target === undefined ? [] : [tellTarget(target)];
  return `${[head, ...rows, '', ...remarks(summary, cached), ...verdict].join('\n')}\n`;
}

function remarks(
  { answers, x_cache, cdn, failures, requests_per_second }: PhaseSummary,
  cached: boolean,
): string[] {
  const hits = x_cache['hit'] ?? 0;
  const lines = [`${answers} answers, ${requests_per_second.toFixed(1)}/s; ${tellCache(x_cache)}`];
  const others = list(cdn);
  if (others !== '') lines.push(`CloudFront: ${others}`);
  if (cached && hits < answers) {
    lines.push(`Not every answer was a hit (${hits} of ${answers}): these are no cached searches.`);
  }
  if (!cached && hits > 0) lines.push(`${hits} answers were hits: these are not all misses.`);
  const failed = list(failures);
  return failed === '' ? lines : [...lines, `Failed: ${failed}`];
}

function tellCache(counts: PhaseSummary['x_cache']): string {
  const { none: _, ...told } = counts;
  const said = list(told);
  return said === '' ? 'no cache (no X-Cache)' : `X-Cache: ${said}`;
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function tellTarget({ p95_ms: p95, in_time: share, missed }: Target): string {
  const inTime = `${(share * 100).toFixed(1)} % answered within ${p95} ms`;
  return `The target is ${missed ? 'missed' : 'met'}: ${inTime}, where 95 % have to be`;
}
