/** What was used last, within a capacity: what was unused for longest gives way. */
export interface Lru<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  clear(): void;
}

/**
 * @param capacity What all entries together may weigh; 0 keeps nothing.
 * @param weigh What an entry weighs, always the same for the same entry. What is heavier than the
 *   capacity is not kept. Left out: 1, so that the capacity is a number of entries.
 */
export function createLru<Value>(
  capacity: number,
  weigh: (value: Value, key: string) => number = () => 1,
): Lru<Value> {
  // A Map keeps the order of insertion: the first key is the oldest.
  const entries = new Map<string, Value>();
  let newest: string | undefined;
  let weight = 0;

  function remove(key: string): Value | undefined {
    const value = entries.get(key);
    if (value === undefined) return undefined;
    entries.delete(key);
    weight -= weigh(value, key);
    return value;
  }

  return {
    get(key) {
      const value = entries.get(key);
      // What is asked for again and again stays where it is: moving it leaves a hole behind each time.
      if (value === undefined || key === newest) return value;
      entries.delete(key);
      entries.set(key, value);
      newest = key;
      return value;
    },
    set(key, value) {
      remove(key);
      const added = weigh(value, key);
      if (added > capacity) return;
      entries.set(key, value);
      newest = key;
      weight += added;
      for (const oldest of entries.keys()) {
        if (weight <= capacity) return;
        remove(oldest);
      }
    },
    delete: (key) => void remove(key),
    clear() {
      entries.clear();
      weight = 0;
    },
  };
}
