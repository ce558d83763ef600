import type { Image } from '../core/model.ts';
import { brokenOff } from './client-answer.ts';
import type { Answer } from './client-answer.ts';
import { createDeadline, sleep } from './client-deadline.ts';

export interface WaitOptions {
  /** How long to ask at most (60,000). */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const firstWaitMs = 250;
const longestWaitMs = 2000;

/** Asks for a picture until it is there: at first often, and never while the server wants peace. */
export async function waitForImage(
  ask: (options: { readonly signal: AbortSignal }) => Promise<Answer<Image>>,
  base: URL,
  { timeoutMs = 60_000, signal }: WaitOptions = {},
): Promise<Answer<Image>> {
  const late = `the picture is not in the index after ${timeoutMs} ms`;
  const deadline = createDeadline(timeoutMs, signal, late);
  try {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 1.5)) {
      const answer = await ask(deadline);
      if (answer.ok || !mayCome(answer)) return answer;
      await sleep(Math.max(waitMs, (answer.retryAfterSeconds ?? 0) * 1000), deadline.signal);
      if (deadline.signal.aborted) return brokenOff(deadline.signal, undefined, base.origin);
    }
  } finally {
    deadline.clear();
  }
}

/** It is not there yet, or nobody could say so just now; a signal that aborted is seen by the caller. */
function mayCome({ problem }: Extract<Answer<never>, { readonly ok: false }>): boolean {
  const { code, status } = problem;
  const isPassing = status === 429 || status >= 502;
  return isPassing || ['not_found', 'unreachable', 'timeout'].includes(code);
}
