import { serviceError } from './qdrant-errors.ts';

/** The nodes of a simulated cluster; one alone where there is none. */
export interface QdrantNodes {
  readonly count: number;
  isUp(node: number): boolean;
  /** How long it takes to answer. */
  slownessMs(node: number): number;
  set(node: number, state: { readonly isUp?: boolean; readonly slownessMs?: number }): void;
  heal(): void;
}

export function createQdrantNodes(count: number): QdrantNodes {
  const states = Array.from({ length: count }, () => ({ isUp: true, slownessMs: 0 }));
  const at = (node: number) => {
    const state = states[node];
    if (state === undefined) throw new Error(`Cannot find the node as there are ${count}: ${node}`);
    return state;
  };
  return {
    count,
    isUp: (node) => at(node).isUp,
    slownessMs: (node) => at(node).slownessMs,
    set: (node, state) => void Object.assign(at(node), state),
    heal() {
      for (const state of states) Object.assign(state, { isUp: true, slownessMs: 0 });
    },
  };
}

interface Replica<T> {
  readonly node: number;
  content: Map<string, T>;
  /** It missed a change, and is not read until it has caught up. */
  isStale: boolean;
}

export interface ReadPlan {
  /** Replicas asked besides the first, and after which time. */
  readonly fanOut: number;
  readonly fanOutDelayMs: number;
}

export interface Shards<T> {
  /** Everything, from one replica of each shard, and how long that took them. */
  read(plan: ReadPlan): { readonly content: readonly T[]; readonly tookMs: number };
  /** Changes every replica that can be reached. */
  write(
    change: (content: Map<string, T>, owns: (id: string) => boolean) => void,
    ids: readonly string[] | 'all',
    factor: number,
  ): number;
  /** Replicas that are back take what they missed. */
  recover(): void;
  readonly placement: readonly (readonly number[])[];
}

/** Shards of content by id, spread over nodes as Qdrant spreads them: each copy on another node. */
export function createShards<T>(
  nodes: QdrantNodes,
  shardNumber: number,
  replicationFactor: number,
): Shards<T> {
  const copies = Math.min(replicationFactor, nodes.count);
  const shards = Array.from({ length: shardNumber }, (_, shard) =>
    Array.from({ length: copies }, (_copy, copy): Replica<T> => ({
      node: (shard + copy) % nodes.count,
      content: new Map(),
      isStale: false,
    })),
  );
  let turn = 0;

  return {
    placement: shards.map((replicas) => replicas.map(({ node }) => node)),
    read(plan) {
      turn += 1;
      const chosen = shards.map((replicas, shard) => {
        const active = replicas.filter(({ node, isStale }) => nodes.isUp(node) && !isStale);
        const [first] = rotated(active, turn);
        if (first === undefined) {
          throw serviceError(
            `The replica set for shard ${shard} on peer 1 does not have enough active replicas`,
          );
        }
        return { first, tookMs: readTime(nodes, rotated(active, turn), plan) };
      });
      return {
        content: chosen.flatMap(({ first }) => Array.from(first.content.values())),
        tookMs: Math.max(...chosen.map(({ tookMs }) => tookMs)),
      };
    },
    write(change, ids, factor) {
      const touched = shards.flatMap((replicas, shard) =>
        ids === 'all' || ids.some((id) => shardOf(id, shardNumber) === shard)
          ? [{ replicas, shard }]
          : [],
      );
      let tookMs = 0;
      let failed: Error | undefined;
      for (const { replicas, shard } of touched) {
        const up = replicas.filter(({ node, isStale }) => nodes.isUp(node) && !isStale);
        if (up.length === 0) {
          throw serviceError(`The replica set for shard ${shard} on peer 1 has no active replica`);
        }
        for (const replica of up)
          change(replica.content, (id) => shardOf(id, shardNumber) === shard);
        for (const replica of replicas) replica.isStale ||= !up.includes(replica);
        tookMs = Math.max(tookMs, ...up.map(({ node }) => nodes.slownessMs(node)));
        if (up.length < Math.min(factor, replicas.length)) {
          failed ??= serviceError('Tonic transport error: transport error');
        }
      }
      if (failed !== undefined) throw failed;
      return tookMs;
    },
    recover() {
      for (const replicas of shards) {
        const source = replicas.find(({ node, isStale }) => nodes.isUp(node) && !isStale);
        for (const replica of replicas) {
          if (source === undefined || !replica.isStale || !nodes.isUp(replica.node)) continue;
          replica.content = new Map(source.content);
          replica.isStale = false;
        }
      }
    },
  };
}

function readTime(
  nodes: QdrantNodes,
  replicas: readonly Replica<unknown>[],
  { fanOut, fanOutDelayMs }: ReadPlan,
): number {
  const [first = 0, ...others] = replicas.map(({ node }) => nodes.slownessMs(node));
  return Math.min(first, ...others.slice(0, fanOut).map((tookMs) => fanOutDelayMs + tookMs));
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function shardOf(id: string, shardNumber: number): number {
  let hash = 2_166_136_261;
  for (const character of id) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619) >>> 0;
  return hash % shardNumber;
}
