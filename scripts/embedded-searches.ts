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

/** Recall against a look at every vector, and times, with filters that keep less and less. */
export async function judgeSearches(
  store: Searched,
  queries: readonly Vector[],
  ef: number | undefined,
): Async<Share[]> {
  const shares: Share[] = [];
  for (const [share, keys] of filters) {
    const filter = parseFilter(keys);
    const loop = monitorEventLoopDelay({ resolution: 1 });
    const times: number[] = [];
    let right = 0;
    let expected = 0;
    for (const vector of queries) {
      const all = await idsOf(store, { vector, filter, effort: { exact: true, oversampling: 10 } });
      if (!all.ok) return all;
      loop.enable();
      const start = performance.now();
      const found = await idsOf(store, { vector, filter, ...(ef && { effort: { ef } }) });
      times.push(performance.now() - start);
      loop.disable();
      if (!found.ok) return found;
      right += found.value.filter((id) => all.value.includes(id)).length;
      expected += all.value.length;
    }
    shares.push({ share, recall_at_10: right / expected, ...summarize(times, loop.max / 1e6) });
  }
  return ok(shares);
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
