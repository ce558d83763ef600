import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { Captured, ReadSnapshotFile, SnapshotInfo, SnapshotStore } from '../core/snapshots.ts';
import {
  countPoints,
  deleteCollection,
  listGenerations,
  pointAlias,
  readGeneration,
  resolveAlias,
} from './qdrant-aliases.ts';
import {
  createQdrantConnection,
  type QdrantAddress,
  type QdrantConnection,
} from './qdrant-connection.ts';
import { nextNumber, physicalName } from './qdrant-names.ts';
import { createQdrantRest, type QdrantRest } from './qdrant-rest.ts';

export interface QdrantSnapshotsOptions {
  readonly address: QdrantAddress;
  readonly timeoutMs: number;
  /** `QDRANT_COLLECTION`: an alias. */
  readonly collection: string;
  /** Where REST is on every node of the cluster: `http://host:6333`. Each has its own part of it. */
  readonly nodes: readonly string[];
}

interface Parts {
  readonly connection: QdrantConnection;
  readonly alias: string;
  readonly nodes: readonly QdrantRest[];
}

/** Qdrant's own snapshots, one file for each node. */
export function createQdrantSnapshots(options: QdrantSnapshotsOptions): SnapshotStore {
  const { address, timeoutMs, collection: alias } = options;
  const nodes = options.nodes.map((url) => createQdrantRest({ url, apiKey: address.apiKey }));
  async function connected<T>(work: (parts: Parts) => Async<T>): Async<T> {
    const connection = createQdrantConnection(address, timeoutMs);
    try {
      return await work({ connection, alias, nodes });
    } finally {
      connection.close();
    }
  }
  return {
    kind: 'qdrant',
    capture: () => connected(capture),
    restore: (info, read) => connected((parts) => restore(parts, info, read)),
  };
}

interface Taken {
  readonly node: QdrantRest;
  readonly name: string;
}

async function capture({ connection, alias, nodes }: Parts): Async<Captured> {
  const collection = await resolveAlias(connection, alias);
  if (!collection.ok) return collection;
  if (collection.value === undefined) return err(noCollection(alias));
  const physical = collection.value;
  const generation = await readGeneration(connection, physical);
  if (!generation.ok) return generation;
  const { id: model, revision, dimensions } = generation.value.model;
  const count = await countPoints(connection, physical);
  if (!count.ok) return count;
  const taken: Taken[] = [];
  // They take room on Qdrant's own disk.
  const release = async () => {
    for (const { node, name } of taken) await node.remove(physical, name);
  };
  for (const node of nodes) {
    const name = await node.create(physical);
    if (name.ok) taken.push({ node, name: name.value });
    else {
      await release();
      return name;
    }
  }
  const files = taken.map(({ node, name }, index) => ({
    path: `node-${index + 1}.snapshot`,
    open: () => download(node, physical, name),
  }));
  const info = { collection: alias, model, revision, dimensions, vectors: count.value };
  return ok({ info, files, release });
}

async function* download(
  node: QdrantRest,
  collection: string,
  name: string,
): AsyncGenerator<Uint8Array> {
  const content = await node.download(collection, name);
  if (!content.ok) throw new Error(content.error.detail, { cause: content.error });
  yield* content.value;
}

/** Into a collection of a new name; the alias is its only when all of it is there. */
async function restore(parts: Parts, info: SnapshotInfo, read: ReadSnapshotFile): Async<void> {
  const { connection, alias, nodes } = parts;
  if (info.files.length !== nodes.length) {
    const detail = `Cannot restore the snapshot as it is of another number of nodes (set QDRANT_NODES): ${info.files.length}, not ${nodes.length}`;
    return err(failure('invalid_field', detail));
  }
  const before = await resolveAlias(connection, alias);
  if (!before.ok) return before;
  const generations = await listGenerations(connection, alias);
  if (!generations.ok) return generations;
  const names = generations.value.map(({ name }) => name);
  const name = physicalName(alias, info.model, nextNumber(alias, names));
  const filled = await fill(parts, name, info, read);
  const pointed = filled.ok
    ? await pointAlias(connection, alias, { name, replaces: before.value !== undefined })
    : filled;
  if (!pointed.ok) {
    await deleteCollection(connection, name);
    return pointed;
  }
  return before.value === undefined ? ok(undefined) : deleteCollection(connection, before.value);
}

async function fill(
  { connection, nodes }: Parts,
  name: string,
  info: SnapshotInfo,
  read: ReadSnapshotFile,
): Async<void> {
  for (const [index, file] of info.files.entries()) {
    const uploaded = await nodes[index]?.upload(name, read(file));
    if (uploaded && !uploaded.ok) return uploaded;
  }
  const generation = await readGeneration(connection, name);
  if (!generation.ok) return generation;
  const { model } = generation.value;
  if (model.id === info.model && model.revision === info.revision) return ok(undefined);
  const detail = `Cannot restore the snapshot as the collection in it is of another model: ${model.id}, not ${info.model}`;
  return err(failure('index_unusable', detail));
}

function noCollection(alias: string) {
  const detail = `Cannot take a snapshot as Qdrant has no collection of this name: ${alias}`;
  return failure('collection_missing', detail);
}
