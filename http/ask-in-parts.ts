import type { Async, Failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';

/** One answer for each item, in order. */
export type AskPart<Item, Answer> = (
  items: readonly Item[],
  signal: AbortSignal,
) => Async<readonly Answer[]>;

const partsAtATime = 2;

/**
 * Asks for the parts, two at a time, and joins the answers in order. The first failure ends it, and
 * with it the part that is still under way.
 */
export async function askInParts<Item, Answer>(
  parts: readonly (readonly Item[])[],
  ask: AskPart<Item, Answer>,
  signal: AbortSignal,
): Async<Answer[]> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const answers: (readonly Answer[])[] = [];
  const queue = parts.entries();
  let failed: Failure | undefined;
  async function lane(): Promise<void> {
    for (let next = queue.next(); !next.done && !failed; next = queue.next()) {
      const [place, part] = next.value;
      const answered = await ask(part, either);
      if (answered.ok) answers[place] = answered.value;
      else {
        failed ??= answered.error;
        stop.abort();
      }
    }
  }
  await Promise.all(Array.from({ length: partsAtATime }, lane));
  return failed ? err(failed) : ok(answers.flat());
}
