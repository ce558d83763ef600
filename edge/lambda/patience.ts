/**
 * Work that one waits for, but not long, and not at all while it goes on from an earlier time: traces
 * are not worth an answer that comes late. Never fails.
 */
export function withPatience(work: () => Promise<void>, maxWaitMs: number): () => Promise<void> {
  let running: Promise<void> | undefined;
  return async () => {
    if (running !== undefined) return;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, maxWaitMs);
    running = work()
      .catch(() => {})
      .finally(() => (running = undefined));
    await Promise.race([running, over]);
    clearTimeout(timer);
  };
}
