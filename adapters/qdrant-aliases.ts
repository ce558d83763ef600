import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { adminOptions } from './qdrant-collection.ts';
import type { AskOptions, QdrantConnection } from './qdrant-connection.ts';
import { type Generation, parseMetadata } from './qdrant-metadata.ts';
import { numberOf } from './qdrant-names.ts';

/** The physical collection that the alias stands for; `undefined`: there is no such alias. */
export async function resolveAlias(
  connection: QdrantConnection,
  alias: string,
  options?: AskOptions,
): Async<string | undefined> {
  const listed = await connection.ask(
    ({ collections }, callOptions) => collections.listAliases({}, callOptions),
    options,
  );
  if (!listed.ok) return listed;
  return ok(listed.value.aliases.find(({ aliasName }) => aliasName === alias)?.collectionName);
}

/** In one step: whoever asks sees the one before or this one. */
export async function pointAlias(
  connection: QdrantConnection,
  alias: string,
  { name, replaces }: { readonly name: string; readonly replaces: boolean },
): Async<void> {
  const create = {
    case: 'createAlias' as const,
    value: { aliasName: alias, collectionName: name },
  };
  const remove = { case: 'deleteAlias' as const, value: { aliasName: alias } };
  const actions = [...(replaces ? [{ action: remove }] : []), { action: create }];
  const changed = await connection.ask(
    ({ collections }, options) => collections.updateAliases({ actions }, options),
    adminOptions(connection),
  );
  if (changed.ok) return ok(undefined);
  // Another process may have been first, or the answer got lost.
  const now = await resolveAlias(connection, alias);
  return now.ok && now.value === name ? ok(undefined) : changed;
}

export async function readGeneration(
  connection: QdrantConnection,
  name: string,
  options?: AskOptions,
): Async<Generation> {
  const asked = await connection.ask(
    ({ collections }, callOptions) => collections.get({ collectionName: name }, callOptions),
    options,
  );
  if (!asked.ok) return asked;
  return parseMetadata(name, asked.value.result?.config?.metadata ?? {});
}

/** All generations of an alias, by number. */
export async function listGenerations(
  connection: QdrantConnection,
  alias: string,
): Async<readonly { readonly name: string; readonly number: number }[]> {
  const listed = await connection.ask(({ collections }, options) => collections.list({}, options));
  if (!listed.ok) return listed;
  const names = listed.value.collections.map(({ name }) => name);
  if (names.includes(alias)) {
    return err(
      failure(
        'index_unusable',
        `Cannot use ${alias} as it is a collection of Qdrant that another program made, and no alias: set another QDRANT_COLLECTION`,
      ),
    );
  }
  const found = names.flatMap((name) => {
    const number = numberOf(alias, name);
    return number === undefined ? [] : [{ name, number }];
  });
  return ok(found.sort((a, b) => a.number - b.number));
}

export async function deleteCollection(connection: QdrantConnection, name: string): Async<void> {
  const deleted = await connection.ask(
    ({ collections }, options) => collections.delete({ collectionName: name }, options),
    adminOptions(connection),
  );
  return deleted.ok || deleted.error.code === 'collection_missing' ? ok(undefined) : deleted;
}

/** Every point, however fresh. */
export async function countPoints(
  connection: QdrantConnection,
  name: string,
  options?: AskOptions,
): Async<number> {
  const counted = await connection.ask(
    ({ points }, callOptions) => points.count({ collectionName: name, exact: true }, callOptions),
    options,
  );
  return counted.ok ? ok(Number(counted.value.result?.count ?? 0)) : counted;
}
