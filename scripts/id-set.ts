/** A set of picture ids in 16 to 32 bytes each: of ten millions, without ten million texts. */
export interface IdSet {
  /** Whether it was not there already. */
  add(id: string): boolean;
  readonly size: number;
}

export function createIdSet(): IdSet {
  let slots = new BigUint64Array(1024);
  let size = 0;
  let hasZero = false;
  const place = (id: bigint, among: BigUint64Array) => {
    const mask = among.length - 1;
    // Ids are hashes: their last bits are as good as any.
    let slot = Number(id & BigInt(mask));
    while (among[slot] !== 0n && among[slot] !== id) slot = (slot + 1) & mask;
    return slot;
  };
  const grow = () => {
    const larger = new BigUint64Array(2 * slots.length);
    for (const id of slots) if (id !== 0n) larger[place(id, larger)] = id;
    slots = larger;
  };
  return {
    add(text) {
      const id = BigInt(text);
      if (id === 0n) {
        const isNew = !hasZero;
        hasZero = true;
        size += isNew ? 1 : 0;
        return isNew;
      }
      const slot = place(id, slots);
      if (slots[slot] === id) return false;
      slots[slot] = id;
      size += 1;
      if (2 * size > slots.length) grow();
      return true;
    },
    get size() {
      return size;
    },
  };
}
