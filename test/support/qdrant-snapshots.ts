import { createHash } from 'node:crypto';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import type { Snapshots } from '@qdrant/js-client-grpc';
import type { CollectionSettings, FieldIndex } from './qdrant-collection.ts';
import type { Payload } from './qdrant-payload.ts';
import type { QdrantStorage } from './qdrant-storage.ts';

export interface SnapshotDescription {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Snapshots of collections, in memory. What is in one is this stand-in's own. */
export interface QdrantSnapshots {
  readonly service: Partial<ServiceImpl<typeof Snapshots>>;
  create(collection: string): SnapshotDescription;
  list(collection: string): readonly SnapshotDescription[];
  read(collection: string, name: string): Buffer;
  remove(collection: string, name: string): void;
  /** Into a collection of this name, new or there already. */
  recover(collection: string, content: Buffer): void;
}

interface SnapshotContent {
  readonly settings: CollectionSettings;
  readonly indexes: readonly (readonly [string, FieldIndex])[];
  readonly points: readonly {
    readonly id: string;
    readonly vector: readonly number[];
    readonly payload: Payload;
  }[];
}

export function createQdrantSnapshots(storage: QdrantStorage): QdrantSnapshots {
  const kept = new Map<string, Map<string, Buffer>>();
  let made = 0;
  const of = (collection: string) => {
    const { name } = storage.find(collection);
    const own = kept.get(name) ?? new Map<string, Buffer>();
    kept.set(name, own);
    return { name, own };
  };
  const snapshots: QdrantSnapshots = {
    create(collection) {
      const { name, own } = of(collection);
      made += 1;
      const content = serialise(storage, name);
      const file = `${name}-${made}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.snapshot`;
      own.set(file, content);
      return describe(file, content);
    },
    list: (collection) =>
      Array.from(of(collection).own, ([name, content]) => describe(name, content)),
    read(collection, name) {
      const content = of(collection).own.get(name);
      if (content === undefined) throw noSnapshot(name);
      return content;
    },
    remove(collection, name) {
      if (!of(collection).own.delete(name)) throw noSnapshot(name);
    },
    recover: (collection, content) => restore(storage, collection, content),
    service: {
      create: ({ collectionName }) => ({
        snapshotDescription: onWire(snapshots.create(collectionName)),
        time: 0.001,
      }),
      list: ({ collectionName }) => ({
        snapshotDescriptions: snapshots.list(collectionName).map(onWire),
        time: 0.001,
      }),
      delete({ collectionName, snapshotName }) {
        snapshots.remove(collectionName, snapshotName);
        return { time: 0.001 };
      },
    },
  };
  return snapshots;
}

function describe(name: string, content: Buffer): SnapshotDescription {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name, bytes: content.length, sha256 };
}

function onWire({ name, bytes, sha256 }: SnapshotDescription) {
  return { name, size: BigInt(bytes), checksum: sha256 };
}

function noSnapshot(name: string): ConnectError {
  return new ConnectError(`Not found: Snapshot ${name} not found`, Code.NotFound);
}

function serialise(storage: QdrantStorage, name: string): Buffer {
  const collection = storage.find(name);
  const content: SnapshotContent = {
    settings: collection.settings,
    indexes: Array.from(collection.indexes),
    points: collection.read().points.map(({ id, vector, payload }) => ({
      id,
      vector: Array.from(vector),
      payload,
    })),
  };
  return Buffer.from(
    JSON.stringify(content, (_key, value: unknown) =>
      typeof value === 'bigint' ? { bigint: String(value) } : value,
    ),
  );
}

function restore(storage: QdrantStorage, name: string, bytes: Buffer): void {
  let content: SnapshotContent;
  try {
    content = JSON.parse(bytes.toString(), (_key, value: unknown) =>
      isBigint(value) ? BigInt(value.bigint) : value,
    ) as SnapshotContent;
  } catch {
    throw new ConnectError('Bad request: Snapshot is corrupted', Code.InvalidArgument);
  }
  storage.collections.delete(name);
  const collection = storage.create(name, content.settings);
  for (const [key, index] of content.indexes) collection.indexes.set(key, index);
  collection.upsert(
    content.points.map((point) => ({ ...point, vector: Float32Array.from(point.vector) })),
  );
}

function isBigint(value: unknown): value is { readonly bigint: string } {
  return (
    value !== null &&
    typeof value === 'object' &&
    Object.keys(value).join() === 'bigint' &&
    typeof (value as { bigint: unknown }).bigint === 'string'
  );
}
