import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import {
  countPoints,
  listGenerations,
  pointAlias,
  readGeneration,
  resolveAlias,
} from './qdrant-aliases.ts';
import { type CollectionShape, createCollection } from './qdrant-collection.ts';
import {
  createQdrantConnection,
  type QdrantAddress,
  type QdrantConnection,
} from './qdrant-connection.ts';
import { supported } from './qdrant-failure.ts';
import { type Generation, type Model, modelRefusal } from './qdrant-metadata.ts';
import { nextNumber, physicalName } from './qdrant-names.ts';

export interface Wanted {
  /** `QDRANT_COLLECTION`. */
  readonly alias: string;
  readonly model: Model;
  /** Of a new collection; one that is there has its own. */
  readonly space: SearchSpace | null;
  readonly shape: CollectionShape;
}

/**
 * What the alias stands for, or a first collection behind it. Fails with `model_mismatch`,
 * `index_unusable`, `store_unavailable`, `timeout`.
 */
export async function openGeneration(
  connection: QdrantConnection,
  wanted: Wanted,
): Async<Generation> {
  const version = await checkVersion(connection);
  if (!version.ok) return version;
  const found = await resolveAlias(connection, wanted.alias);
  if (!found.ok) return found;
  const name = found.value === undefined ? await makeFirst(connection, wanted) : ok(found.value);
  if (!name.ok) return name;
  const generation = await readGeneration(connection, name.value);
  if (!generation.ok) return generation;
  const refused = modelRefusal(wanted.alias, generation.value.model, wanted.model);
  return refused ? err(refused) : generation;
}

/** Which model a collection is of, without knowing it; `undefined`: there is no such collection. */
export async function readCollectionModel(
  { timeoutMs, ...address }: QdrantAddress & { readonly timeoutMs: number },
  alias: string,
): Async<Model | undefined> {
  const connection = createQdrantConnection(address, timeoutMs);
  try {
    const name = await resolveAlias(connection, alias);
    if (!name.ok || name.value === undefined) return name.ok ? ok(undefined) : name;
    const generation = await readGeneration(connection, name.value);
    return generation.ok ? ok(generation.value.model) : generation;
  } finally {
    connection.close();
  }
}

/**
 * Of several processes that do this at once one makes the collection, and all come to have it. One that
 * died in between leaves an empty collection without its alias, which is taken then.
 */
async function makeFirst(connection: QdrantConnection, wanted: Wanted): Async<string> {
  const { alias, model } = wanted;
  const generations = await listGenerations(connection, alias);
  if (!generations.ok) return generations;
  for (const { name } of generations.value) {
    const count = await countPoints(connection, name);
    if (!count.ok) return count;
    if (count.value > 0) return adrift(connection, alias, name);
  }
  const names = generations.value.map(({ name }) => name);
  const name = await reusable(connection, wanted, names);
  if (!name.ok) return name;
  const target = name.value ?? physicalName(alias, model.id, nextNumber(alias, names));
  const created = await createCollection(connection, target, wanted);
  if (!created.ok) return created;
  const pointed = await pointAlias(connection, alias, { name: target, replaces: false });
  return pointed.ok ? ok(target) : pointed;
}

/** The last of them, where it is what would be made. */
async function reusable(
  connection: QdrantConnection,
  { alias, model }: Wanted,
  names: readonly string[],
): Async<string | undefined> {
  const last = names.at(-1);
  if (last === undefined) return ok(undefined);
  const generation = await readGeneration(connection, last);
  if (!generation.ok) return generation;
  return ok(modelRefusal(alias, generation.value.model, model) ? undefined : last);
}

/** Another process may have given it its alias, and even points, while this one was looking. */
async function adrift(connection: QdrantConnection, alias: string, name: string): Async<string> {
  const found = await resolveAlias(connection, alias);
  if (!found.ok) return found;
  if (found.value !== undefined) return ok(found.value);
  return err(
    failure(
      'index_unusable',
      `Cannot open the collection ${alias} as no alias of that name is there any more, but points are: in ${name}. Give it the alias again, or delete it and index again`,
    ),
  );
}

async function checkVersion(connection: QdrantConnection): Async<void> {
  const health = await connection.ask(({ health: service }, options) =>
    service.healthCheck({}, options),
  );
  if (!health.ok) return health;
  const { version } = health.value;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  // Before that it keeps no metadata with a collection, so the model could not be checked.
  if (major > 1 || (major === 1 && minor >= 16)) return ok(undefined);
  return err(
    failure('store_unavailable', `Cannot use this Qdrant as ${supported}: it is ${version}`),
  );
}
