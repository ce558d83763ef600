import { type Code, ConnectError } from '@connectrpc/connect';
import { fullErrors, rateLimited, readOnlyErrors } from './qdrant-errors.ts';
import type { StandInCollection } from './qdrant-collection.ts';
import type { QdrantStorage } from './qdrant-storage.ts';
import { waitWithin } from './qdrant-wait.ts';

/** What can go wrong with a server, switched by a test while it runs. `only` is a method such as `Points.Query`. */
export interface QdrantFaults {
  /** Every answer comes this much later. */
  delay(ms: number, only?: string): void;
  /** Calls are taken and never answered. */
  hang(only?: string): void;
  /** The process is gone: connections break, and none can be made. */
  refuse(): Promise<void>;
  /** It is back, on the same port. */
  accept(): Promise<void>;
  /** Those that are open break; new ones can be made. */
  breakConnections(): void;
  /** Writes fail: the key may only read, or the disk. */
  readOnly(what?: keyof typeof readOnlyErrors): void;
  /** Writes fail for want of room; where it is memory, deletes still work. */
  full(what?: keyof typeof fullErrors): void;
  /** It is lost, and its aliases with it. By its name or an alias. */
  dropCollection(name: string): void;
  /** What was dropped is back. */
  restoreCollections(): void;
  rateLimit(retryAfterSeconds?: number): void;
  failNext(code: Code, message: string, count?: number, only?: string): void;
  /** It says that it is still building its index, and has half of it. */
  optimizing(is: boolean): void;
  isOptimizing(): boolean;
  nodeDown(node: number): void;
  nodeUp(node: number): void;
  nodeSlow(node: number, ms: number): void;
  /** All is well again; a dropped collection stays lost. */
  heal(): Promise<void>;
}

/** Passes a call, makes it wait, or throws. */
export type Gate = (method: string, signal: AbortSignal) => Promise<void>;

interface Listener {
  open(): Promise<void>;
  shut(): Promise<void>;
  breakAll(): void;
}

const wellState = {
  delayMs: 0,
  delayOnly: undefined as string | undefined,
  isHanging: false,
  hangOnly: undefined as string | undefined,
  readOnly: undefined as keyof typeof readOnlyErrors | undefined,
  full: undefined as keyof typeof fullErrors | undefined,
  retryAfterSeconds: undefined as number | undefined,
  isLimited: false,
  failures: [] as readonly { readonly error: ConnectError; readonly only: string | undefined }[],
  isOptimizing: false,
};

const writes =
  /^(Collections\.(Create|Update|Delete|UpdateAliases)|Points\.(Upsert|Delete|CreateFieldIndex|DeleteFieldIndex|SetPayload|UpdateBatch))$/;
export function isWrite(method: string): boolean {
  return writes.test(method);
}

const growing = /^(Collections\.Create|Points\.(Upsert|CreateFieldIndex|SetPayload|UpdateBatch))$/;

export function createQdrantFaults(
  storage: QdrantStorage,
  listener: Listener,
): { readonly faults: QdrantFaults; readonly gate: Gate } {
  let state = wellState;
  const set = (changed: Partial<typeof wellState>) => {
    state = { ...state, ...changed };
  };
  const dropped: { readonly collection: StandInCollection; readonly aliases: readonly string[] }[] =
    [];
  return {
    gate: (method, signal) => pass(method, signal, () => state, set),
    faults: {
      delay: (delayMs, delayOnly) => set({ delayMs, delayOnly }),
      hang: (hangOnly) => set({ isHanging: true, hangOnly }),
      refuse: () => listener.shut(),
      accept: () => listener.open(),
      breakConnections: () => listener.breakAll(),
      readOnly: (what = 'key') => set({ readOnly: what }),
      full: (what = 'disk') => set({ full: what }),
      dropCollection(name) {
        const collection = storage.find(name);
        const aliases = Array.from(storage.aliases.keys()).filter(
          (alias) => storage.aliases.get(alias) === collection.name,
        );
        dropped.push({ collection, aliases });
        storage.remove(collection.name);
      },
      restoreCollections() {
        for (const { collection, aliases } of dropped.splice(0)) {
          storage.collections.set(collection.name, collection);
          for (const alias of aliases) storage.aliases.set(alias, collection.name);
        }
      },
      rateLimit: (retryAfterSeconds) => set({ isLimited: true, retryAfterSeconds }),
      failNext(code, message, count = 1, only = undefined) {
        const one = { error: new ConnectError(message, code), only };
        set({ failures: [...state.failures, ...Array.from({ length: count }, () => one)] });
      },
      optimizing: (isOptimizing) => set({ isOptimizing }),
      isOptimizing: () => state.isOptimizing,
      nodeDown: (node) => storage.nodes.set(node, { isUp: false }),
      nodeUp(node) {
        storage.nodes.set(node, { isUp: true });
        storage.recover();
      },
      nodeSlow: (node, slownessMs) => storage.nodes.set(node, { slownessMs }),
      async heal() {
        state = wellState;
        storage.nodes.heal();
        storage.recover();
        await listener.open();
      },
    },
  };
}

async function pass(
  method: string,
  signal: AbortSignal,
  get: () => typeof wellState,
  set: (changed: Partial<typeof wellState>) => void,
): Promise<void> {
  const meant = (only: string | undefined) => only === undefined || only === method;
  const { failures } = get();
  const next = failures.findIndex(({ only }) => meant(only));
  if (next !== -1) {
    set({ failures: failures.toSpliced(next, 1) });
    throw failures[next]?.error;
  }
  const { isHanging, hangOnly, delayMs, delayOnly, readOnly, full, isLimited } = get();
  // Not even when its deadline passes: only the caller can end this.
  if (isHanging && meant(hangOnly)) await new Promise(() => {});
  if (meant(delayOnly)) await waitWithin(delayMs, signal);
  if (isLimited && method !== 'Qdrant.HealthCheck') {
    throw rateLimited(writes.test(method) ? 'Write' : 'Read', get().retryAfterSeconds);
  }
  if (readOnly !== undefined && writes.test(method)) throw readOnlyErrors[readOnly]();
  if (full !== undefined && (full === 'disk' ? writes : growing).test(method)) {
    throw fullErrors[full]();
  }
}
