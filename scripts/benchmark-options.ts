import { parseArgs } from 'node:util';
import type { Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { benchmarkQueries } from '../functions/benchmark/queries.ts';
import { parseCount, wrongArgument } from './command.ts';

export interface Plan {
  readonly url: string;
  readonly apiKey: string | undefined;
  /** How many requests are measured. */
  readonly count: number;
  readonly topK: number;
  /** How many ask at once, each again when it is answered. */
  readonly concurrency: number;
  /** Whether what was asked before is asked again. */
  readonly cached: boolean;
  /** How many different queries that are. */
  readonly queries: number | undefined;
  /** What 95 of 100 may take; 0: whatever. */
  readonly targetMs: number;
}

export function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string', default: 'http://localhost:8000' },
      'api-key': { type: 'string', default: process.env['API_KEY'] ?? '' },
      'num-requests': { type: 'string', default: '1000' },
      'top-k': { type: 'string', default: '10' },
      concurrency: { type: 'string', default: '1' },
      cached: { type: 'boolean', default: false },
      queries: { type: 'string', default: String(benchmarkQueries.length) },
      target: { type: 'string', default: '50' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

export function parsePlan(values: ReturnType<typeof readArguments>): Result<Plan, Failure> {
  const { url, cached, 'api-key': apiKey } = values;
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    return wrongArgument(`--url is not an address: ${url}`);
  }
  // Not repeated: it may be a key with a mistake in it.
  if (!/^[\x21-\x7e]*$/.test(apiKey)) {
    return wrongArgument('--api-key has characters that no key has');
  }
  const count = parseCount('num-requests', values['num-requests'], { min: 1, max: 1_000_000 });
  if (!count.ok) return count;
  const topK = parseCount('top-k', values['top-k'], { min: 1, max: 100 });
  if (!topK.ok) return topK;
  const concurrency = parseCount('concurrency', values.concurrency, { min: 1, max: 1000 });
  if (!concurrency.ok) return concurrency;
  const queries = parseCount('queries', values.queries, { min: 1, max: 10_000 });
  if (!queries.ok) return queries;
  const target = parseCount('target', values.target, { min: 0, max: 60_000 });
  if (!target.ok) return target;
  return ok({
    url,
    apiKey: apiKey || undefined,
    count: count.value,
    topK: topK.value,
    concurrency: concurrency.value,
    cached,
    queries: cached ? queries.value : undefined,
    targetMs: target.value,
  });
}
