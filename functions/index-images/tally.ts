import type { EmfCollection } from '../../adapters/emf-collection.ts';
import { type FailureCode, failures } from '../../core/failure.ts';
import type { Outcome } from '../../core/indexer.ts';
import type { Encoder, Logger } from '../../core/ports.ts';
import type { Clock } from '../../core/timings.ts';
import type { Verdict } from '../verdicts.ts';

export type IndexMetrics = Pick<EmfCollection, 'add' | 'count' | 'flush'>;

/** What happened in one invocation. */
export interface Tally {
  readonly outcomes: Record<'indexed' | 'skipped' | 'removed', number>;
  /** Pictures that can never be indexed as they are, by code. */
  readonly rejected: Map<FailureCode, number>;
  readonly rejects: { readonly key: string; readonly code: FailureCode }[];
  add(outcomes: readonly Outcome[]): void;
}

const namedRejects = 10;

export function createTally(): Tally {
  const tally: Tally = {
    outcomes: { indexed: 0, skipped: 0, removed: 0 },
    rejected: new Map(),
    rejects: [],
    add(outcomes) {
      for (const { outcome, code, path } of outcomes) {
        if (outcome !== 'failed') tally.outcomes[outcome] += 1;
        else if (code !== undefined && !failures[code].retry) {
          tally.rejected.set(code, (tally.rejected.get(code) ?? 0) + 1);
          if (tally.rejects.length < namedRejects) tally.rejects.push({ key: path, code });
        }
      }
    },
  };
  return tally;
}

/** An encoder that says how long pictures take. */
export function withEncodeTimes(
  encoder: Encoder,
  now: Clock,
  observe: (pictures: number, ms: number) => void,
): Encoder {
  return {
    ...encoder,
    async encodeImages(images, signal) {
      const startMs = now();
      const encoded = await encoder.encodeImages(images, signal);
      if (encoded.ok && images.length > 0) observe(images.length, now() - startMs);
      return encoded;
    },
  };
}

export interface TellParts {
  readonly metrics: IndexMetrics;
  readonly logger: Pick<Logger, 'info'>;
}

/** The metrics and the line of the log of one invocation. */
export function tellTally(
  tally: Tally,
  invocation: {
    readonly verdicts: readonly Verdict[];
    /** Pictures that were encoded, and how long that took. */
    readonly encoded: number;
    readonly encodeMs: number;
    readonly durationMs: number;
    readonly nowMs: number;
  },
  { metrics, logger }: TellParts,
): void {
  const { verdicts, encoded, encodeMs, durationMs, nowMs } = invocation;
  const sentAtMs = verdicts.flatMap(({ message }) => message.sentAtMs ?? []);
  const oldestMs = sentAtMs.length === 0 ? undefined : Math.max(0, nowMs - earliest(sentAtMs));
  for (const [name, count] of Object.entries(tally.outcomes)) metrics.count(name, count);
  for (const [code, count] of tally.rejected) metrics.count('rejected', count, code);
  metrics.count('messages', verdicts.length);
  const fates = { done: 0, refused: 0, dead_lettered: 0, retried: 0 };
  for (const { fate, code } of verdicts) {
    fates[fate] += 1;
    if (fate !== 'done') metrics.count(fate, 1, code);
  }
  metrics.add('batch_duration', 'Milliseconds', durationMs);
  if (oldestMs !== undefined) metrics.add('oldest_message_age', 'Milliseconds', oldestMs);
  metrics.flush();
  const fields = {
    messages: verdicts.length,
    ...fates,
    ...tally.outcomes,
    rejected: Object.fromEntries(tally.rejected),
    ...(tally.rejects.length > 0 && { rejects: tally.rejects }),
    encoded,
    encode_ms: Math.round(encodeMs),
    duration_ms: Math.round(durationMs),
    oldest_message_ms: oldestMs,
  };
  logger.info(fields, 'A batch of messages');
}

/** A spread would not do for ten thousand of them. */
function earliest(times: readonly number[]): number {
  return times.reduce((first, time) => Math.min(first, time), Infinity);
}
