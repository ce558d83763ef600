import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../core/rolling-window.ts';

export interface CdnLoad {
  /** Different queries; the n-th is asked n times less often than the first. */
  readonly queries: number;
  readonly perSecond: number;
  readonly seconds: number;
}

/** What one answer was. */
export interface CdnAnswer {
  readonly ms: number;
  readonly status: number;
  /** `Hit`, `Miss`, `RefreshHit`; as the edge says it where nothing is in front. */
  readonly how: string;
}

const words = [
  ['red', 'blue', 'green', 'yellow', 'small', 'large', 'old', 'new', 'happy', 'two'],
  ['dog', 'cat', 'car', 'tree', 'house', 'bird', 'boat', 'flower', 'train', 'apple'],
  ['in the snow', 'at night', 'on a table', 'by the sea', 'in a garden', 'on the road'],
] as const;

/** Six hundred different ones, and then the same with a number. */
export function queryOf(place: number): string {
  const parts: string[] = [];
  let rest = place;
  for (const some of words) {
    parts.push(some[rest % some.length] ?? '');
    rest = Math.floor(rest / some.length);
  }
  return rest === 0 ? parts.join(' ') : `${parts.join(' ')} ${rest}`;
}

/** Places from 0, by Zipf's law: `random` is 0 to 1. */
export function createZipf(count: number): (random: number) => number {
  const sums: number[] = [];
  for (let place = 1, sum = 0; place <= count; place += 1) sums.push((sum += 1 / place));
  const total = sums.at(-1) ?? 1;
  return (random) => {
    const found = sums.findIndex((sum) => sum >= random * total);
    return found < 0 ? count - 1 : found;
  };
}

/**
 * Asks at random moments, as many people do: nobody waits for another one's answer, so that what is
 * slow is not asked less.
 */
export async function runCdnLoad(
  url: string,
  { queries, perSecond, seconds }: CdnLoad,
): Promise<CdnAnswer[]> {
  const agent = new Agent({ keepAlive: true });
  const zipf = createZipf(queries);
  const asked: Promise<CdnAnswer>[] = [];
  const startMs = performance.now();
  let dueMs = startMs;
  while (dueMs < startMs + seconds * 1000) {
    dueMs += (-Math.log(1 - Math.random()) * 1000) / perSecond;
    const earlyMs = dueMs - performance.now();
    if (earlyMs > 1) await pause(earlyMs);
    const query = new URLSearchParams({ q: queryOf(zipf(Math.random())), top_k: '10' });
    asked.push(ask(agent, `${url}/search?${query}`));
  }
  const answers = await Promise.all(asked);
  agent.destroy();
  return answers;
}

function ask(agent: Agent, url: string): Promise<CdnAnswer> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const { statusCode: status = 0, headers } = response;
      const [how = ''] = String(headers['x-cache'] ?? '').split(' ');
      response.resume();
      response.once('end', () => resolve({ ms: performance.now() - startMs, status, how }));
      response.once('error', reject);
    }).once('error', reject);
  });
}

/** Milliseconds, to the microsecond. */
export function summarizeMs(values: readonly number[]) {
  const sorted = Float64Array.from(values).sort();
  const round = (ms: number) => Math.round(ms * 1000) / 1000;
  return {
    count: values.length,
    p50: round(percentile(sorted, 50)),
    p95: round(percentile(sorted, 95)),
    p99: round(percentile(sorted, 99)),
    max: round(sorted.at(-1) ?? 0),
  };
}
