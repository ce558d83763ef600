/** Runs a task as soon as fewer than so many others run, first come first served. */
export type RunInTurn = <T>(task: () => Promise<T>) => Promise<T>;

export function createSlots(count: number): RunInTurn {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
