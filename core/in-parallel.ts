/**
 * Does the work of all items, of so many at a time, and gives the results in the order of the items.
 * When it throws, as one of them did, nothing is under way any more.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  max: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const takeNext = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  const lanes = Array.from({ length: Math.min(max, items.length) }, takeNext);
  for (const lane of await Promise.allSettled(lanes)) {
    if (lane.status === 'rejected') throw lane.reason;
  }
  return results;
}

/**
 * The same for items that come one after the other. A result is given when `max` are begun, its own
 * included, or no more come.
 */
export async function* inOrder<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  max: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const begun = work(item);
      // Whoever waits for it hears of it; it may take long until somebody does.
      begun.catch(() => {});
      running.push(begun);
      const first = running.length === max ? running.shift() : undefined;
      if (first) yield await first;
    }
    for (let next = running.shift(); next; next = running.shift()) yield await next;
  } finally {
    await Promise.allSettled(running);
  }
}
