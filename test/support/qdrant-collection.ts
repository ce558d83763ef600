import type { CollectionParams, CreateCollection, StrictModeConfig } from '@qdrant/js-client-grpc';
import { badInput, wrongDimension } from './qdrant-errors.ts';
import { type FieldIndexes, meetsFilter } from './qdrant-filter.ts';
import { createShards, type QdrantNodes, type Shards } from './qdrant-nodes.ts';
import type { Payload } from './qdrant-payload.ts';
import type { Filter } from './qdrant-protocol.ts';

export interface StoredPoint {
  readonly id: string;
  readonly vector: Float32Array;
  readonly payload: Payload;
  readonly version: number;
}

export interface FieldIndex {
  readonly type: string;
  readonly dataType: number;
  readonly params: unknown;
}

export type CollectionSettings = Pick<
  CreateCollection,
  | 'hnswConfig'
  | 'optimizersConfig'
  | 'walConfig'
  | 'quantizationConfig'
  | 'strictModeConfig'
  | 'metadata'
> & { readonly params: CollectionParams };

/** One collection in memory, on the nodes of a cluster. */
export interface StandInCollection {
  readonly name: string;
  readonly dimensions: number;
  readonly isCosine: boolean;
  settings: CollectionSettings;
  readonly indexes: Map<string, FieldIndex>;
  readonly shards: Shards<StoredPoint>;
  /** All points, in any order, and how long the nodes took. */
  read(): { readonly points: readonly StoredPoint[]; readonly tookMs: number };
  upsert(points: readonly Omit<StoredPoint, 'version'>[]): number;
  removeIds(ids: readonly string[]): number;
  removeMatching(filter: Filter): number;
  operations(): number;
}

export function createStandInCollection(
  name: string,
  settings: CollectionSettings,
  nodes: QdrantNodes,
): StandInCollection {
  const vectors = settings.params.vectorsConfig?.config;
  if (vectors?.case !== 'params') throw badInput('The stand-in has one unnamed vector only');
  const { size, distance } = vectors.value;
  if (distance !== 1 && distance !== 3) throw badInput('The stand-in has Cosine and Dot only');
  const dimensions = Number(size);
  const isCosine = distance === 1;
  const indexes = new Map<string, FieldIndex>();
  const { shardNumber, replicationFactor = 1 } = settings.params;
  const shards = createShards<StoredPoint>(nodes, shardNumber, replicationFactor);
  let operations = 0;
  const factor = () => collection.settings.params.writeConsistencyFactor ?? 1;

  const collection: StandInCollection = {
    name,
    dimensions,
    isCosine,
    settings,
    indexes,
    shards,
    read() {
      const { readFanOutFactor = 0, readFanOutDelayMs = 0n } = collection.settings.params;
      const plan = { fanOut: readFanOutFactor, fanOutDelayMs: Number(readFanOutDelayMs) };
      const { content, tookMs } = shards.read(plan);
      return { points: content, tookMs };
    },
    upsert(points) {
      for (const { vector } of points) checkVector(vector, dimensions);
      operations += 1;
      const version = operations;
      const kept = points.map((point) => ({
        ...point,
        vector: isCosine ? normalised(point.vector) : point.vector,
        version,
      }));
      return shards.write(
        (content, owns) => {
          for (const point of kept) if (owns(point.id)) content.set(point.id, point);
        },
        kept.map(({ id }) => id),
        factor(),
      );
    },
    removeIds(ids) {
      operations += 1;
      return shards.write((content) => ids.forEach((id) => content.delete(id)), ids, factor());
    },
    removeMatching(filter) {
      operations += 1;
      return shards.write(
        (content) => {
          for (const point of content.values()) {
            if (meetsFilter(point, filter, indexes)) content.delete(point.id);
          }
        },
        'all',
        factor(),
      );
    },
    operations: () => operations,
  };
  return collection;
}

export function checkVector(vector: Float32Array, dimensions: number): void {
  if (vector.length !== dimensions) throw wrongDimension(dimensions, vector.length);
}

/** Unit length; a vector of no length, or of unit length as it is, stays as it is. */
export function normalised(vector: Float32Array): Float32Array {
  const squared = vector.reduce((sum, value) => sum + value * value, 0);
  if (squared < 1.2e-7 || Math.abs(squared - 1) <= 1e-6) return vector;
  const length = Math.fround(Math.sqrt(squared));
  return vector.map((value) => value / length);
}

/** Numbers before UUIDs. */
export function compareIds(one: string, other: string): number {
  const isNumber = [one, other].map((id) => /^\d+$/.test(id));
  if (isNumber[0] !== isNumber[1]) return isNumber[0] === true ? -1 : 1;
  if (isNumber[0] === false) return one < other ? -1 : Number(one > other);
  // Of as many digits, the greater number is the later text.
  return one.length - other.length || (one < other ? -1 : Number(one > other));
}

export interface Ranked {
  readonly point: StoredPoint;
  readonly score: number;
}

/** The nearest of all: exact, best first. Qdrant promises no order among equals: it is not by id. */
export function rankNearest(
  collection: StandInCollection,
  points: readonly StoredPoint[],
  vector: Float32Array,
  filter: Filter | undefined,
): readonly Ranked[] {
  const indexes: FieldIndexes = collection.indexes;
  const asked = collection.isCosine ? normalised(vector) : vector;
  return points
    .filter((point) => meetsFilter(point, filter, indexes))
    .map((point) => ({ point, score: dot(asked, point.vector) }))
    .toSorted((one, other) => other.score - one.score || compareIds(other.point.id, one.point.id));
}

function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return Math.fround(sum);
}

export function strictModeOf({ settings }: StandInCollection): StrictModeConfig | undefined {
  return settings.strictModeConfig?.enabled === true ? settings.strictModeConfig : undefined;
}
