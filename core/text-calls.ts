import { abortFailure, type Failure } from './failure.ts';
import type { EncodedText } from './ports.ts';
import { err, ok, type Result } from './result.ts';

type Answer = Result<EncodedText[], Failure>;

/** What a caller of `encodeTexts` waits for. */
interface Waiting {
  readonly answer: Promise<Answer>;
  /** Answered, or given up by its caller. */
  settled(): boolean;
  settle(answer: Answer): void;
  /** A bug in the encoder: the caller sees it thrown. */
  reject(bug: unknown): void;
}

/** One call of `encodeTexts` on its way through one or more shared runs. */
export interface TextCall extends Waiting {
  readonly signal: AbortSignal | undefined;
  /** Texts that no run has taken yet. */
  left(): number;
  /** The next texts, at most `count`. */
  take(count: number): readonly string[];
  /** What became of the texts that were taken, in their order; the last ones end the call. */
  deliver(encoded: readonly EncodedText[]): void;
}

/** @param onSettled Called once, however the call ends. */
export function createTextCall(
  texts: readonly string[],
  signal: AbortSignal | undefined,
  onSettled: () => void,
): TextCall {
  const encoded: EncodedText[] = [];
  const waiting = waitUntilSettled(signal, onSettled);
  let taken = 0;
  return {
    ...waiting,
    signal,
    left: () => texts.length - taken,
    take(count) {
      const some = texts.slice(taken, taken + count);
      taken += some.length;
      return some;
    },
    deliver(some) {
      encoded.push(...some);
      if (encoded.length === texts.length) waiting.settle(ok(encoded));
    },
  };
}

/** The first of all ends counts; a signal's end is one of them. */
function waitUntilSettled(signal: AbortSignal | undefined, onSettled: () => void): Waiting {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let settled = false;

  function end(): void {
    if (settled) return;
    settled = true;
    signal?.removeEventListener('abort', leave);
    onSettled();
  }
  function settle(answer: Answer): void {
    resolve(answer);
    end();
  }
  function leave(): void {
    if (signal) settle(err(abortFailure(signal)));
  }

  signal?.addEventListener('abort', leave, { once: true });
  return {
    answer: promise,
    settled: () => settled,
    settle,
    reject(bug) {
      reject(bug);
      end();
    },
  };
}

/**
 * Takes the next run from the queue. Calls get a quarter of it in turn, and what is left of a call
 * goes to the back: so a bulk fills the runs that nobody else wants, and never keeps a single text
 * waiting for all of itself.
 */
export function takeRun(
  queue: TextCall[],
  maxTexts: number,
): ReadonlyMap<TextCall, readonly string[]> {
  const turn = Math.ceil(maxTexts / 4);
  const shares = new Map<TextCall, string[]>();
  let room = maxTexts;
  while (room > 0) {
    const call = queue.shift();
    if (!call) break;
    const some = call.take(Math.min(turn, room));
    shares.set(call, [...(shares.get(call) ?? []), ...some]);
    room -= some.length;
    if (call.left() > 0) queue.push(call);
  }
  return shares;
}
