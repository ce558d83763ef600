import type { ImageRecord } from './model.ts';

/**
 * Which records there were, and in which state, in 14 to 28 bytes each: a hundred million fit into
 * memory, which their ids as texts do not. A state is a hash of 32 bits.
 */
export interface SeenRecords {
  set(id: string, state: number): void;
  /** The state; `undefined` when there is none. */
  get(id: string): number | undefined;
  delete(id: string): void;
  /** Notes that the record is still there; `unmarked` gives the others. */
  mark(id: string): void;
  unmarked(): Iterable<string>;
}

const present = 1;
const marked = 2;
const deleted = 4;

export function createSeenRecords(): SeenRecords {
  let table = createTable(1024);
  const find = (id: string) => {
    const place = placeOf(table, BigInt(id));
    return flagsAt(table, place) & present ? place : undefined;
  };
  return {
    set(id, state) {
      put(table, BigInt(id), state, present);
      if (table.used * 10 > table.flags.length * 7) table = roomier(table);
    },
    get(id) {
      const place = find(id);
      return place === undefined ? undefined : table.states[place];
    },
    delete(id) {
      const place = find(id);
      if (place !== undefined) table.flags[place] = deleted;
    },
    mark(id) {
      const place = find(id);
      if (place !== undefined) table.flags[place] = present | marked;
    },
    *unmarked() {
      for (const [place, flags] of table.flags.entries()) {
        if (flags === present) yield String(table.ids[place]);
      }
    },
  };
}

/** Open addressing. */
interface Table {
  readonly ids: BigUint64Array;
  readonly states: Uint32Array;
  readonly flags: Uint8Array;
  /** Places that are not empty, those of deleted records included. */
  used: number;
}

function createTable(size: number): Table {
  const [ids, states] = [new BigUint64Array(size), new Uint32Array(size)];
  return { ids, states, flags: new Uint8Array(size), used: 0 };
}

function put(table: Table, id: bigint, state: number, flags: number): void {
  const place = placeOf(table, id);
  if (flagsAt(table, place) === 0) table.used += 1;
  table.ids[place] = id;
  table.states[place] = state;
  table.flags[place] = flags;
}

/** Twice the size, or the same where it was deleted records that filled it. */
function roomier({ ids, states, flags }: Table): Table {
  const living = flags.reduce((sum, some) => sum + (some & present), 0);
  const larger = createTable(flags.length * (living * 4 > flags.length ? 2 : 1));
  for (const [place, some] of flags.entries()) {
    if (some & present) put(larger, ids[place] ?? 0n, states[place] ?? 0, some);
  }
  return larger;
}

/** Where the id is, or the empty place where it would be. The size is a power of two. */
function placeOf(table: Table, id: bigint): number {
  const mask = table.flags.length - 1;
  const mixed = Math.imul(Number(id & 0xffff_ffffn) ^ Number(id >> 32n), 0x9e3779b1) >>> 0;
  let place = (mixed ^ (mixed >>> 15)) & mask;
  while (flagsAt(table, place) & (present | deleted) && !isAt(table, place, id)) {
    place = (place + 1) & mask;
  }
  return place;
}

function isAt(table: Table, place: number, id: bigint): boolean {
  return table.ids[place] === id && (flagsAt(table, place) & present) !== 0;
}

function flagsAt({ flags }: Table, place: number): number {
  return flags[place] ?? 0;
}

/** A hash of 32 bits of all that a record says. */
export function stateOf(record: ImageRecord): number {
  return hash(textOf(record));
}

export function isSameRecord(a: ImageRecord, b: ImageRecord): boolean {
  return a.id === b.id && textOf(a) === textOf(b);
}

/** The same text for the same content, whatever the order of the keys. */
function textOf({ metadata, origin }: ImageRecord): string {
  const entries = Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([entries, origin.root, origin.key, origin.version]);
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x0100_0193);
  }
  return value >>> 0;
}
