import { abortFailure, type Failure, failure, type FailureCode } from './failure.ts';
import type { Encoder } from './ports.ts';
import { err, ok } from './result.ts';
import { createTextCall, takeRun, type TextCall } from './text-calls.ts';

export interface BatchingOptions {
  /** Texts of one run of the wrapped encoder. */
  readonly maxTexts?: number;
  /**
   * Texts that may wait for a run. A call counts for one run at most, as no more of it can be next:
   * so a bulk of any length is let in, and waits in the memory of whoever brought it.
   */
  readonly maxWaiting?: number;
  /** Called for every run of the wrapped encoder, with how many texts it has. */
  readonly onRun?: (texts: number) => void;
  /** Called once, with a way to ask how many texts wait, as `maxWaiting` counts them. */
  readonly trackQueue?: (depth: () => number) => void;
}

/**
 * Lets concurrent calls of `encodeTexts` share runs of the wrapped encoder. An idle encoder is
 * asked at once; what comes during a run goes out together when it ends.
 *
 * There is no waiting for company beyond that, and so no clock: while a run lasts, others gather
 * anyway. Waiting 2 ms more after a run, for those it answered to come back, was measured and
 * hurts: see docs/benchmarks.md.
 *
 * A call whose signal ends is answered at once and takes no place in later runs; a run that all its
 * callers have left is aborted. Fails besides with `overloaded` when too many texts wait, and with
 * `encoder_unavailable` when the encoder was closed meanwhile. Closing waits for the run under way.
 */
export function withBatching(encoder: Encoder, options: BatchingOptions = {}): Encoder {
  const { maxTexts = 32, maxWaiting = 256, onRun = () => {} } = options;
  const queue: TextCall[] = [];
  const runs = createRuns(withRunCount(encoder, onRun), () => takeRun(queue, maxTexts));
  let closing: Promise<void> | undefined;

  const weight = (texts: number): number => Math.min(texts, maxTexts);
  const waiting = (): number => queue.reduce((sum, call) => sum + weight(call.left()), 0);
  options.trackQueue?.(waiting);

  function hasRoom(length: number): boolean {
    return queue.length === 0 || waiting() + weight(length) <= maxWaiting;
  }

  async function drain(): Promise<void> {
    for (const call of queue.splice(0)) call.settle(err(closed()));
    await runs.ended();
    await encoder.close();
  }

  return {
    model: encoder.model,
    async encodeTexts(texts, signal) {
      if (closing) return err(closed());
      if (signal?.aborted) return err(abortFailure(signal));
      if (texts.length === 0) return ok([]);
      if (!hasRoom(texts.length)) return err(tooMany(queue.length));
      const call = createTextCall(texts, signal, () => {
        const place = queue.indexOf(call);
        if (place !== -1) queue.splice(place, 1);
        runs.abandon();
      });
      queue.push(call);
      runs.begin();
      return call.answer;
    },
    encodeImages: (images, signal) => encoder.encodeImages(images, signal),
    close: () => (closing ??= drain()),
  };
}

/** A text that is tried again alone is one more run. */
function withRunCount(encoder: Encoder, onRun: (texts: number) => void): Encoder {
  return {
    ...encoder,
    encodeTexts(texts, signal) {
      onRun(texts.length);
      return encoder.encodeTexts(texts, signal);
    },
  };
}

type Run = ReadonlyMap<TextCall, readonly string[]>;

/** One run after the other, until there is none to take. */
function createRuns(encoder: Encoder, take: () => Run) {
  let underWay: Promise<void> | undefined;
  let abandon = (): void => {};

  async function runAll(): Promise<void> {
    // The calls of one tick go out together.
    await Promise.resolve();
    for (let run = take(); run.size > 0; run = take()) {
      const calls = [...run.keys()];
      const abort = new AbortController();
      abandon = () => {
        if (calls.every((call) => call.settled())) abort.abort();
      };
      await encodeRun(encoder, run, abort.signal);
      abandon = () => {};
    }
    underWay = undefined;
  }

  return {
    /** Does nothing while runs are under way: they take what is new. */
    begin: (): void => {
      underWay ??= runAll();
    },
    /** Aborts the run under way when all its callers have left. */
    abandon: (): void => abandon(),
    ended: async (): Promise<void> => underWay,
  };
}

/** Failures that no text is to blame for. */
const noText: ReadonlySet<FailureCode> = new Set(['overloaded', 'timeout', 'cancelled']);

/** Never throws. When a run of several calls fails each is tried alone, once: one may be to blame. */
async function encodeRun(
  encoder: Encoder,
  run: Run,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const texts = [...run.values()].flat();
    const result = await encoder.encodeTexts(texts, signal);
    if (result.ok) {
      if (result.value.length !== texts.length) throw new Error('The encoder left out a text');
      let at = 0;
      for (const [call, own] of run) call.deliver(result.value.slice(at, (at += own.length)));
    } else if (run.size === 1 || noText.has(result.error.code)) {
      for (const call of run.keys()) call.settle(result);
    } else {
      const alone = [...run].filter(([call]) => !call.settled());
      await Promise.all(alone.map((one) => encodeRun(encoder, new Map([one]), one[0].signal)));
    }
  } catch (bug) {
    for (const call of run.keys()) call.reject(bug);
  }
}

function tooMany(calls: number): Failure {
  const detail = `Cannot encode as too many texts wait already: those of ${calls} calls`;
  return failure('overloaded', detail, { retryAfterSeconds: 1 });
}

function closed(): Failure {
  const detail = 'Cannot encode as the encoder is closed: close() was called';
  return failure('encoder_unavailable', detail);
}
