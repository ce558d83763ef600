import { percentile } from '../core/rolling-window.ts';
import type { Measured, Sample } from './benchmark-searches.ts';

type Numbers = Readonly<Record<string, number>>;

export interface Summary {
  /** Milliseconds. */
  readonly stages: Readonly<Record<string, Numbers>>;
  readonly requests_per_second: number;
  readonly x_cache: Numbers;
  readonly failures: Numbers;
}

const always = ['encode', 'search', 'overhead', 'total', 'client'];

export function summarize({ samples, seconds, cache, failures }: Measured): Summary {
  const stages = stagesOf(samples).map((stage) => [stage, summarizeStage(stage, samples)]);
  return {
    stages: Object.fromEntries(stages),
    requests_per_second: samples.length / seconds,
    x_cache: Object.fromEntries(cache),
    failures: Object.fromEntries(failures),
  };
}

/** What only some servers have comes first: a cache, or another server behind. */
function stagesOf(samples: readonly Sample[]): string[] {
  const seen = new Set(samples.flatMap((sample) => Object.keys(sample)));
  return [...[...seen].filter((stage) => !always.includes(stage)), ...always];
}

function summarizeStage(stage: string, samples: readonly Sample[]): Numbers {
  const sorted = Float64Array.from(samples, (sample) => sample[stage] ?? 0).sort();
  const shares = [50, 90, 95, 99].map((share) => [`p${share}`, percentile(sorted, share)]);
  const mean = sorted.reduce((a, b) => a + b, 0) / Math.max(1, sorted.length);
  const range = { min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, mean };
  return { ...Object.fromEntries(shares), ...range };
}

/** @param cached Whether every request was to be a hit. */
export function toTable(summary: Summary, cached: boolean): string {
  const columns = ['p50', 'p90', 'p95', 'p99', 'min', 'max', 'mean'];
  const cell = (text: string) => text.padStart(9);
  const rows = Object.entries(summary.stages).map(
    ([stage, numbers]) =>
      `${stage.padEnd(9)}${columns.map((column) => cell((numbers[column] ?? 0).toFixed(3))).join('')}`,
  );
  const head = 'ms       ' + columns.map(cell).join('');
  return `${[head, ...rows, '', ...remarks(summary, cached)].join('\n')}\n`;
}

function remarks({ x_cache, failures, requests_per_second }: Summary, cached: boolean): string[] {
  const answered = Object.values(x_cache).reduce((sum, count) => sum + count, 0);
  const hits = x_cache['hit'] ?? 0;
  const lines = [`${answered} answers, ${requests_per_second.toFixed(1)}/s; ${tellCache(x_cache)}`];
  if (cached && hits < answered) {
    lines.push(
      `Not every answer was a hit (${hits} of ${answered}): these are no cached searches.`,
    );
  }
  if (!cached && hits > 0) lines.push(`${hits} answers were hits: these are not all misses.`);
  const failed = Object.entries(failures).map(([code, count]) => `${count} ${code}`);
  return failed.length === 0 ? lines : [...lines, `Failed: ${failed.join(', ')}`];
}

function tellCache(counts: Numbers): string {
  const told = ['hit', 'miss', 'bypass']
    .filter((state) => counts[state] !== undefined)
    .map((state) => `${counts[state]} ${state}`);
  return told.length === 0 ? 'no cache (no X-Cache)' : `X-Cache: ${told.join(', ')}`;
}
