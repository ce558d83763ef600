import { abortFailure, type Async } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { type OnnxSession, openOnnxSession, type Start } from './onnx-session.ts';

export interface LastingSessionOptions extends Start {
  /** Told when the session's thread has died and another is being opened. */
  readonly onEnded?: () => void;
}

/**
 * A session that outlives its thread: the run that finds it dead fails, and so is seen by a health
 * check; those after it wait for a new one.
 * Fails with `invalid_model` as `openOnnxSession` does.
 */
export async function openLastingSession({
  onEnded = () => {},
  ...start
}: LastingSessionOptions): Async<OnnxSession> {
  const first = await openOnnxSession(start);
  if (!first.ok) return first;
  let current = first.value;
  let reopening: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  async function reopen(): Promise<void> {
    onEnded();
    const next = await openOnnxSession(start);
    if (next.ok) current = next.value;
    // Where it could not be opened the next run fails, and tries again.
    reopening = undefined;
  }

  return ok({
    inputs: current.inputs,
    outputs: current.outputs,
    async run(feeds, output, signal) {
      if (reopening && !closing) await untilAborted(reopening, signal);
      if (signal?.aborted) return err(abortFailure(signal));
      const session = current;
      const result = await session.run(feeds, output, signal);
      const died = !result.ok && session === current && session.hasEnded();
      if (died && !closing) reopening ??= reopen();
      return result;
    },
    hasEnded: () => current.hasEnded(),
    close: () =>
      (closing ??= (async () => {
        await reopening;
        await current.close();
      })()),
  });
}

async function untilAborted(work: Promise<void>, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const leave = (): void => resolve();
  signal?.addEventListener('abort', leave, { once: true });
  await Promise.race([work, promise]);
  signal?.removeEventListener('abort', leave);
}
