import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from '../web/client-answer.ts';
import type { Client } from '../web/client.ts';
import type { NumberedQuery } from './warm-queries.ts';

export interface WarmCounts {
  /** Put into the cache now. */
  readonly added: number;
  readonly known: number;
  /** Answered by a server that keeps nothing, or whose cache can't be asked. */
  readonly uncached: number;
  readonly failed: number;
  /** How often each code was the reason, and the first line that met it. */
  readonly reasons: ReadonlyMap<string, { readonly times: number; readonly first: string }>;
}

export interface Warming {
  ask(query: NumberedQuery): Promise<void>;
  counts(): WarmCounts;
}

/** Waits in all, for a server that asks for more time again and again. */
const maxTries = 8;
const maxWaitSeconds = 60;

/** @param onDone Called after each query, however it ended. */
export function createWarming(client: Client, onDone: () => void): Warming {
  const counts = { added: 0, known: 0, uncached: 0, failed: 0 };
  const reasons = new Map<string, { times: number; first: string }>();
  let waitUntilMs = 0;

  /** What one is told to wait, all wait: they would only be told the same. */
  async function askPatiently({ body }: NumberedQuery): Promise<Answer<unknown>> {
    for (let tries = 1; ; tries += 1) {
      while (performance.now() < waitUntilMs) await pause(waitUntilMs - performance.now());
      const answer = await client.search(body);
      const { retryAfterSeconds } = answer;
      if (answer.ok || retryAfterSeconds === undefined || tries === maxTries) return answer;
      if (retryAfterSeconds > maxWaitSeconds) return answer;
      waitUntilMs = Math.max(waitUntilMs, performance.now() + retryAfterSeconds * 1000);
    }
  }

  return {
    async ask(query) {
      const answer = await askPatiently(query);
      if (answer.ok) {
        const outcome = ({ hit: 'known', miss: 'added' } as const)[String(answer.cache)];
        counts[outcome ?? 'uncached'] += 1;
      } else {
        const { code, detail } = answer.problem;
        const { times = 0, first = `line ${query.line}: ${detail}` } = reasons.get(code) ?? {};
        reasons.set(code, { times: times + 1, first });
        counts.failed += 1;
      }
      onDone();
    },
    counts: () => ({ ...counts, reasons }),
  };
}

/** One line, and below it why some failed. */
export function tell({ added, known, uncached, failed, reasons }: WarmCounts): string {
  const none = uncached > 0 ? `, ${uncached} not kept` : '';
  const lines = [
    `${added} put into the cache, ${known} were there already, ${failed} failed${none}.`,
  ];
  for (const [code, { times, first }] of reasons) lines.push(`  ${times} ${code}: ${first}`);
  if (uncached > 0) {
    lines.push('  Not kept: the server has no cache, or its cache does not answer at the moment.');
  }
  return lines.join('\n');
}
