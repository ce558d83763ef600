/** Does the work of all items, of so many at a time, and gives the results in the order of the items. */
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
  await Promise.all(Array.from({ length: Math.min(max, items.length) }, takeNext));
  return results;
}

/** The same for items that come one after the other: results come in their order, as they are there. */
export async function* inOrder<T, R>(
  items: AsyncIterable<T>,
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

/** Runs tasks, in the order of asking, while their weights together are within a capacity. */
export type Room = <T>(weight: number, task: () => Promise<T>) => Promise<T>;

/** A task heavier than the capacity runs alone. */
export function createRoom(capacity: number): Room {
  const waiting: { readonly weight: number; readonly enter: () => void }[] = [];
  let taken = 0;

  function admit(): void {
    for (let next = waiting[0]; next; next = waiting[0]) {
      if (taken > 0 && taken + next.weight > capacity) return;
      waiting.shift();
      taken += next.weight;
      next.enter();
    }
  }

  return async (weight, task) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ weight, enter: resolve });
    admit();
    await promise;
    try {
      return await task();
    } finally {
      taken -= weight;
      admit();
    }
  };
}
