import { abortFailure, type Async, failure } from '../../core/failure.ts';
import type { EncodedText, Encoder } from '../../core/ports.ts';
import { err } from '../../core/result.ts';
import { createFakeEncoder } from './fake-encoder.ts';

/** One call of the held encoder, which ends when the test says so, or when its signal does. */
export interface HeldRun {
  readonly texts: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** As the fake encoder does; but a text `poison` fails the whole run. */
  end(): void;
  endWith(result: Awaited<Async<EncodedText[]>>): void;
  breakWith(bug: Error): void;
}

export interface HeldEncoder extends Encoder {
  /** All runs so far, ended or not. */
  readonly runs: readonly HeldRun[];
  runAt(place: number): HeldRun;
  /** Ends the runs from this place on as they come, until there is none. Gives their texts. */
  endAll(from?: number): Promise<(readonly string[])[]>;
  isClosed(): boolean;
}

/** The fake encoder, with every run of texts held until the test lets go of it. */
export function createHeldEncoder(): HeldEncoder {
  const inner = createFakeEncoder();
  const runs: HeldRun[] = [];
  let closed = false;
  return {
    ...inner,
    runs,
    encodeTexts(texts, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<Awaited<Async<EncodedText[]>>>();
      signal?.addEventListener('abort', () => resolve(err(abortFailure(signal))));
      const end = (): void => {
        const poisoned = texts.includes('poison');
        resolve(
          poisoned ? err(failure('encoder_unavailable', 'poison')) : inner.encodeTexts(texts),
        );
      };
      runs.push({ texts, signal, end, endWith: resolve, breakWith: reject });
      return promise;
    },
    runAt(place) {
      const run = runs[place];
      if (!run) throw new Error(`There is no run ${place} yet`);
      return run;
    },
    async endAll(from = 0) {
      let ended = from;
      for (await tick(); ended < runs.length; await tick()) runs[ended++]?.end();
      return runs.slice(from).map(({ texts }) => texts);
    },
    close() {
      closed = true;
      return Promise.resolve();
    },
    isClosed: () => closed,
  };
}

/** Lets everything happen that waits for nothing. */
export function tick(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Texts that differ: `text0`, `text1` … */
export function textsNamed(count: number, prefix = 'text'): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`);
}
