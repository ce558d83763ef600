import { type Async, failure } from '../core/failure.ts';
import type { CacheState } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import type { Problem } from '../web/client-answer.ts';
import { type Client, createClient } from '../web/client.ts';
import { uniquePhrase } from './benchmark-phrases.ts';
import { createProgress } from './progress.ts';

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
}

/** Milliseconds by stage: those of the server, and `client`, as the caller saw it. */
export type Sample = Readonly<Record<string, number>>;

export interface Measured {
  readonly samples: Sample[];
  /** How many answers said what of the cache; `none` said nothing. */
  readonly cache: Map<CacheState | 'none', number>;
  /** How many requests failed, by code. */
  readonly failures: Map<string, number>;
  /** How long all of them together took. */
  seconds: number;
}

const warmUpRequests = 50;
const timeoutMs = 60_000;

/** Fails only where nothing can be measured at all. */
export async function measureSearches(plan: Plan): Async<Measured> {
  const { count, concurrency, queries = count } = plan;
  const client = createClient({ baseUrl: plan.url, apiKey: plan.apiKey, timeoutMs });
  // Another run of this on the same server must not meet what it still knows from the last.
  const start = Math.floor(Math.random() * 400_000) + warmUpRequests;
  const queryAt = (index: number): string => uniquePhrase(start + (index % queries));

  const measured: Measured = { samples: [], cache: new Map(), failures: new Map(), seconds: 0 };
  const warm = await warmUp(client, plan, queryAt, start);
  if (warm !== undefined) return err(failure('search_unavailable', whyNot(warm, plan.url)));

  const progress = createProgress('Searching', count);
  const begin = performance.now();
  let asked = 0;
  async function ask(): Promise<void> {
    while (asked < count) {
      const query = queryAt(asked);
      asked += 1;
      await request(client, { query, top_k: plan.topK }, measured);
      progress.advance(1);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, ask));
  measured.seconds = (performance.now() - begin) / 1000;
  progress.stop();
  return ok(measured);
}

/** Other queries than those measured, or where these are to be known, each of them twice. */
async function warmUp(
  client: Client,
  { cached, queries = 0, topK }: Plan,
  queryAt: (index: number) => string,
  start: number,
): Promise<Problem | undefined> {
  const warming = Array.from({ length: cached ? queries * 2 : warmUpRequests }, (_, index) =>
    cached ? queryAt(index) : uniquePhrase(start - 1 - index),
  );
  for (const [index, query] of warming.entries()) {
    const answer = await client.search({ query, top_k: topK });
    // Nobody there, or nobody for us: that will be so a thousand times.
    if (!answer.ok && index === 0 && isHopeless(answer.problem)) return answer.problem;
  }
  return undefined;
}

function isHopeless({ code }: Problem): boolean {
  return ['unreachable', 'unexpected', 'unauthenticated', 'forbidden'].includes(code);
}

function whyNot({ code, detail }: Problem, url: string): string {
  if (code === 'unreachable') {
    return `Cannot measure as no server answers (npm start runs one): ${url}`;
  }
  const hint = code === 'unauthenticated' || code === 'forbidden' ? ' (see --api-key)' : '';
  return `Cannot measure as the server answers ${code}${hint}: ${detail}`;
}

async function request(
  client: Client,
  query: Parameters<Client['search']>[0],
  { samples, cache, failures }: Measured,
): Promise<void> {
  const start = performance.now();
  const answer = await client.search(query);
  const clientMs = performance.now() - start;
  if (!answer.ok) return increment(failures, answer.problem.code);
  increment(cache, answer.cache ?? 'none');
  const { total = 0, encode = 0, search = 0, service } = answer.timing;
  // What an edge adds to the service behind it.
  const added: Sample = service === undefined ? {} : { edge: total - service };
  const overhead = total - encode - search;
  samples.push({ ...answer.timing, ...added, overhead, client: clientMs });
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
