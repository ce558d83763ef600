import type { Async } from '../core/failure.ts';
import type { Predecessor } from '../core/predecessor.ts';
import type { Successor, SuccessorSpec, VectorStore } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import {
  deleteCollection,
  listGenerations,
  pointAlias,
  readGeneration,
  resolveAlias,
} from './qdrant-aliases.ts';
import { type CollectionShape, createCollection } from './qdrant-collection.ts';
import type { QdrantConnection } from './qdrant-connection.ts';
import type { Follower } from './qdrant-follower.ts';
import { type Generation, isSame } from './qdrant-metadata.ts';
import { nextNumber, numberOf, physicalName } from './qdrant-names.ts';

export interface SuccessorParts {
  readonly connection: QdrantConnection;
  readonly alias: string;
  readonly shape: CollectionShape;
  /** Of the store that is to be succeeded. */
  readonly follower: Follower;
  readonly open: (generation: Generation) => VectorStore;
}

/** Goes on with an unfinished successor of this spec, or makes one and deletes unfinished others. */
export async function beginSuccessor(parts: SuccessorParts, spec: SuccessorSpec): Async<Successor> {
  const { connection, alias, follower } = parts;
  const live = await follower.look();
  if (!live.ok) return live;
  const prepared = await prepare(parts, spec, live.value.name);
  if (!prepared.ok) return prepared;
  const generation = await readGeneration(connection, prepared.value);
  if (!generation.ok) return generation;
  return ok({
    store: parts.open(generation.value),
    publish: () => publish(parts, generation.value),
    async discard() {
      const published = await resolveAlias(connection, alias);
      if (!published.ok) return published;
      if (published.value === generation.value.name) return ok(undefined);
      return deleteCollection(connection, generation.value.name);
    },
  });
}

/** The name of a collection that is as asked for. */
async function prepare(
  { connection, alias, shape }: SuccessorParts,
  { model, searchSpace }: SuccessorSpec,
  live: string,
): Async<string> {
  const generations = await listGenerations(connection, alias);
  if (!generations.ok) return generations;
  const liveNumber = numberOf(alias, live) ?? 0;
  let resumed: string | undefined;
  for (const { name } of generations.value.filter(({ number }) => number > liveNumber)) {
    const found = await readGeneration(connection, name);
    if (found.ok && isSame(found.value, model, searchSpace)) resumed = name;
    else {
      const deleted = await deleteCollection(connection, name);
      if (!deleted.ok) return deleted;
    }
  }
  const names = [live, ...generations.value.map(({ name }) => name)];
  const name = resumed ?? physicalName(alias, model.id, nextNumber(alias, names));
  const created = await createCollection(connection, name, { model, space: searchSpace, shape });
  return created.ok ? ok(name) : err(created.error);
}

/** One change of the alias; the generation before stays, and those before that go. */
async function publish(
  { connection, alias, follower, open }: SuccessorParts,
  generation: Generation,
): Async<Predecessor | undefined> {
  const before = await resolveAlias(connection, alias);
  if (!before.ok) return before;
  if (before.value === generation.name) return ok(undefined);
  const previous =
    before.value === undefined ? ok(undefined) : await readGeneration(connection, before.value);
  if (!previous.ok) return previous;
  const pointed = await pointAlias(connection, alias, {
    name: generation.name,
    replaces: before.value !== undefined,
  });
  if (!pointed.ok) return pointed;
  follower.set(generation);
  await deleteOlder(connection, alias, previous.value?.name);
  const found = previous.value;
  return ok(
    found && { store: open(found), remove: () => deleteCollection(connection, found.name) },
  );
}

/** What cannot be deleted now is at the next time. */
async function deleteOlder(
  connection: QdrantConnection,
  alias: string,
  previous: string | undefined,
): Promise<void> {
  const oldest = previous === undefined ? undefined : numberOf(alias, previous);
  const generations = await listGenerations(connection, alias);
  if (!generations.ok || oldest === undefined) return;
  for (const { name, number } of generations.value) {
    if (number < oldest) await deleteCollection(connection, name);
  }
}
