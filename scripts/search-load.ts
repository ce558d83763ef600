import { Agent, request } from 'node:http';
import * as z from 'zod';
import { percentile } from '../core/rolling-window.ts';

/** One search as its client saw it. */
export interface Sample {
  readonly sentAtMs: number;
  readonly tookMs: number;
  /** 0 where there was no answer at all. */
  readonly status: number;
  /** `ok`, the code of a failure, or what went wrong instead of an answer. */
  readonly code: string;
  readonly cache: string | undefined;
  /** False for an answer with other pictures than the index has for it. */
  readonly right: boolean;
}

export interface SearchLoad {
  /** What was seen since the beginning, or since it was taken. */
  readonly samples: readonly Sample[];
  take(): readonly Sample[];
  stop(): Promise<void>;
}

/** By query: the pictures of the whole answer, best first. */
export type Truth = ReadonlyMap<string, readonly { readonly id: string; readonly score: number }[]>;

const Answer = z.object({
  code: z.string().optional(),
  results: z.array(z.object({ id: z.string(), score: z.number() })).optional(),
});

/**
 * Searches all the time, over some connections at once: half of it again and again, half of it never
 * asked before (by a threshold of its own, so that the right answer is known all the same).
 */
export function startSearchLoad(url: string, truth: Truth, connections: number): SearchLoad {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const samples: Sample[] = [];
  const queries = [...truth.keys()];
  let sent = 0;
  const stop = new AbortController();

  async function ask(): Promise<void> {
    sent += 1;
    const query = queries[sent % queries.length] ?? '';
    const score_threshold = sent % 2 === 0 ? 0.000_001 : sent / 1e8;
    const sentAtMs = performance.now();
    const answer = await post(agent, url, { query, score_threshold, top_k: 5 });
    const right = (truth.get(query) ?? [])
      .filter(({ score }) => score >= score_threshold)
      .map(({ id }) => id);
    samples.push({
      ...answer,
      sentAtMs,
      tookMs: performance.now() - sentAtMs,
      right: answer.ids === undefined || answer.ids.join() === right.join(),
    });
  }

  async function work(): Promise<void> {
    while (!stop.signal.aborted) await ask();
  }

  const workers = Array.from({ length: connections }, work);
  return {
    samples,
    take: () => samples.splice(0),
    async stop() {
      stop.abort();
      await Promise.all(workers);
      agent.destroy();
    },
  };
}

/** The whole answers to these queries, of a service that is well. */
export async function askTruth(url: string, queries: readonly string[]): Promise<Truth> {
  const agent = new Agent();
  const answers = queries.map(async (query) => {
    const { status, results } = await post(agent, url, { query, top_k: 5 });
    if (status !== 200 || results === undefined) throw new Error(`No truth about ${query}`);
    return [query, results] as const;
  });
  return new Map(await Promise.all(answers));
}

export function p95(samples: readonly Sample[]): number {
  return percentile(Float64Array.from(samples, ({ tookMs }) => tookMs).sort(), 95);
}

interface Posted extends Pick<Sample, 'status' | 'code' | 'cache'> {
  readonly results?: readonly { readonly id: string; readonly score: number }[] | undefined;
  readonly ids?: readonly string[] | undefined;
}

function post(agent: Agent, url: string, body: object): Promise<Posted> {
  return new Promise((resolve) => {
    const lost = (error: NodeJS.ErrnoException) =>
      resolve({ status: 0, code: error.code ?? error.message, cache: undefined });
    const sending = request(
      new URL('/search', url),
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (some: string) => (text += some));
        response.on('error', lost);
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          const { code = 'ok', results } = Answer.parse(JSON.parse(text));
          const cache = headers['x-cache'];
          resolve({
            status,
            code,
            cache: typeof cache === 'string' ? cache : undefined,
            results,
            ids: results?.map(({ id }) => id),
          });
        });
      },
    );
    sending.on('error', lost);
    sending.end(JSON.stringify(body));
  });
}
