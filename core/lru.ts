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

  function put(key: string, value: Value): void {
    entries.set(key, value);
    newest = key;
  }

  function remove(key: string): void {
    const value = entries.get(key);
    if (value === undefined) return;
    entries.delete(key);
    weight -= weigh(value, key);
  }

  function touch(key: string): Value | undefined {
    const value = entries.get(key);
    // What is asked for again and again stays where it is: moving it leaves a hole behind each time.
    if (value === undefined || key === newest) return value;
    entries.delete(key);
    put(key, value);
    return value;
  }

  function add(key: string, value: Value): void {
    remove(key);
    const added = weigh(value, key);
    if (added > capacity) return;
    put(key, value);
    weight += added;
    for (const oldest of entries.keys()) {
      if (weight <= capacity) return;
      remove(oldest);
    }
  }

  return { get: touch, set: add, delete: remove, clear: () => [...entries.keys()].forEach(remove) };
}
