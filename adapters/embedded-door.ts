/** Lets any number through at a time, or closes while something is done that bears nobody beside. */
export function createDoor() {
  const inside = new Set<Promise<unknown>>();
  let open: Promise<unknown> = Promise.resolve();
  return {
    async through<T>(action: () => Promise<T>): Promise<T> {
      await open;
      const going = action();
      inside.add(going);
      try {
        return await going;
      } finally {
        inside.delete(going);
      }
    },
    async closed(action: () => Promise<void>): Promise<void> {
      const done = open.then(() => Promise.allSettled(inside)).then(action);
      open = done.catch(() => undefined);
      await done;
    },
  };
}
