import { setTimeout as sleep } from 'node:timers/promises';
import { failures } from '../core/failure.ts';
import type { Indexer } from '../core/indexer.ts';
import type { Logger } from '../core/ports.ts';

export interface LookQueueOptions {
  readonly look: Indexer['look'];
  readonly logger: Pick<Logger, 'warn'>;
  /** Keys that are looked at in one call (16). */
  readonly batchSize?: number;
  /** How often a key is looked at, when it can't be indexed for a while (5). */
  readonly tries?: number;
  /** Before the second try; twice as long before each further one (500). */
  readonly waitMs?: number;
}

/** Keys that are to be looked at, one batch after the other: a queue for one process alone. */
export interface LookQueue {
  /** A key that waits already is looked at once. */
  add(keys: readonly string[]): void;
  /** Ends with the batch that is under way: what waits is dropped. */
  close(): Promise<void>;
}

export function createLookQueue(options: LookQueueOptions): LookQueue {
  const { batchSize = 16 } = options;
  const waiting = new Set<string>();
  const stop = new AbortController();
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    try {
      while (waiting.size > 0 && !stop.signal.aborted) {
        const keys = [...waiting.keys().take(batchSize)];
        for (const key of keys) waiting.delete(key);
        await lookWithRetries(options, keys, stop.signal);
      }
    } finally {
      working = undefined;
    }
  }

  return {
    add(keys) {
      for (const key of keys) waiting.add(key);
      // Work that has nothing to do ends before it is kept here, and would stay for ever.
      if (waiting.size > 0 && !stop.signal.aborted) working ??= work();
    },
    async close() {
      stop.abort();
      await working;
    },
  };
}

async function lookWithRetries(
  { look, logger, tries = 5, waitMs = 500 }: LookQueueOptions,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  let left = keys;
  for (let attempt = 1; left.length > 0 && !signal.aborted; attempt += 1) {
    const failed = await lookOnce(look, left);
    const isLast = attempt === tries;
    const lost = failed.filter(({ mayWork }) => isLast || !mayWork);
    for (const { key, reason } of lost) logger.warn({ key, reason }, notIndexed);
    left = isLast ? [] : failed.flatMap(({ key, mayWork }) => (mayWork ? [key] : []));
    if (left.length === 0) return;
    await sleep(waitMs * 2 ** (attempt - 1), undefined, { signal }).catch(() => undefined);
  }
}

interface Failed {
  readonly key: string;
  readonly reason: string;
  readonly mayWork: boolean;
}

async function lookOnce(look: Indexer['look'], keys: readonly string[]): Promise<Failed[]> {
  const looked = await look(keys);
  if (!looked.ok) {
    const { code, detail: reason } = looked.error;
    return keys.map((key) => ({ key, reason, mayWork: failures[code].retry }));
  }
  return looked.value.flatMap(({ outcome, path: key, reason = '', code }) => {
    if (outcome !== 'failed') return [];
    return [{ key, reason, mayWork: code !== undefined && failures[code].retry }];
  });
}

const notIndexed = 'Cannot index a picture that was uploaded';
