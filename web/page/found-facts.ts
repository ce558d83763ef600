import type { Hit } from '../../core/model.ts';
import { likelihood, percent } from './likelihood.ts';
import { duration } from './words.ts';

type Rows = [label: string, text: string][];

/** What a search says of one result. */
export function factsOfHit({
  score,
  confidence,
}: Pick<Hit, 'score'> & Partial<Pick<Hit, 'confidence'>>): Rows {
  const rows: Rows = [['Similarity', `${score.toFixed(4)} (cosine)`]];
  if (typeof confidence !== 'number') return rows;
  return [['Match', `${likelihood(confidence)} (${percent(confidence)})`], ...rows];
}

interface TimingOptions {
  readonly latencyMs: number;
  readonly cached: boolean;
  readonly timing: Readonly<Record<string, number>>;
}

const stages: readonly (readonly [stage: string, words: string])[] = [
  ['encode', 'reading the query'],
  ['search', 'comparing'],
  ['rerank', 'putting in order'],
  ['explanation', 'explaining'],
];

/** How long the search took, and what of it took long. */
export function timingFacts({ latencyMs, cached, timing }: TimingOptions): Rows {
  const known = stages.flatMap(([stage, words]) => {
    const spent = timing[stage];
    return spent === undefined ? [] : [`${words} ${duration(spent)}`];
  });
  const rows: Rows = [['Search took', `${duration(latencyMs)}${cached ? ', from the cache' : ''}`]];
  if (known.length > 0) rows.push(['Of that', known.join(', ')]);
  return rows;
}
