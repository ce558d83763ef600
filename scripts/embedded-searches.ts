import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Async } from '../core/failure.ts';
import { type Filters, parseFilter } from '../core/filter.ts';
import type { Vector } from '../core/model.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { percentile } from '../core/rolling-window.ts';

type Searched = Pick<VectorStore, 'query'>;

export interface Times {
  readonly searches: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly max_ms: number;
  /** The longest that the thread which asks stood still. */
  readonly loop_max_ms: number;
}

export interface Share extends Times {
  readonly share: number;
  /** Null: what the store chooses. */
  readonly ef: number | null;
  readonly recall_at_10: number;
}

/** One after the other, until all are asked or the work beside them is over. */
export async function timeSearches(
  store: Searched,
  queries: readonly Vector[],
  until: { readonly over: boolean } = { over: false },
): Async<Times> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const times: number[] = [];
  loop.enable();
  for (const vector of queries) {
    if (until.over) break;
    const start = performance.now();
    const found = await store.query({ vector, limit: 10 });
    if (!found.ok) return found;
    times.push(performance.now() - start);
  }
  loop.disable();
  return ok(summarize(times, loop.max / 1e6));
}

const filters: readonly (readonly [number, Filters | null])[] = [
  [1, null],
  [0.5, { half: 1 }],
  [0.1, { tenth: 3 }],
  [0.01, { hundredth: 3 }],
];

/** Beside what the store chooses, where nothing is filtered. */
const efs = [256, 512, 1_024, 1_536, 2_048] as const;

/** Recall against a look at every vector, and times: with filters that keep less and less, and by ef. */
export async function judgeSearches(store: Searched, queries: readonly Vector[]): Async<Share[]> {
  const shares: Share[] = [];
  for (const [share, keys] of filters) {
    const filter = parseFilter(keys);
    const truths: string[][] = [];
    for (const vector of queries) {
      const all = await idsOf(store, { vector, filter, effort: { exact: true, oversampling: 10 } });
      if (!all.ok) return all;
      truths.push(all.value);
    }
    for (const ef of share === 1 ? [null, ...efs] : [null]) {
      const judged = await judge(store, queries, truths, { filter, ...(ef && { effort: { ef } }) });
      if (!judged.ok) return judged;
      shares.push({ share, ef, ...judged.value });
    }
  }
  return ok(shares);
}

async function judge(
  store: Searched,
  queries: readonly Vector[],
  truths: readonly (readonly string[])[],
  how: Pick<Parameters<Searched['query']>[0], 'filter' | 'effort'>,
): Async<Omit<Share, 'share' | 'ef'>> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const times: number[] = [];
  let right = 0;
  loop.enable();
  for (const [place, vector] of queries.entries()) {
    const start = performance.now();
    const found = await idsOf(store, { vector, ...how });
    times.push(performance.now() - start);
    if (!found.ok) return found;
    right += found.value.filter((id) => truths[place]?.includes(id)).length;
  }
  loop.disable();
  const recall_at_10 = right / truths.flat().length;
  return ok({ recall_at_10, ...summarize(times, loop.max / 1e6) });
}

async function idsOf(
  store: Searched,
  query: Omit<Parameters<Searched['query']>[0], 'limit'>,
): Async<string[]> {
  const found = await store.query({ ...query, limit: 10 });
  return found.ok ? ok(found.value.map(({ record }) => record.id)) : found;
}

function summarize(times: readonly number[], loopMaxMs: number): Times {
  const sorted = Float64Array.from(times).sort();
  return {
    searches: times.length,
    p50_ms: percentile(sorted, 50),
    p95_ms: percentile(sorted, 95),
    max_ms: sorted.at(-1) ?? 0,
    loop_max_ms: loopMaxMs,
  };
}
