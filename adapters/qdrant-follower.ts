import { type Async, type Failure, failure } from '../core/failure.ts';
import type { Logger } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { readGeneration, resolveAlias } from './qdrant-aliases.ts';
import type { QdrantConnection } from './qdrant-connection.ts';
import { type Generation, type Model, modelRefusal } from './qdrant-metadata.ts';

/**
 * Which physical collection a store asks. It names that one in its calls and not the alias: a vector
 * is made for the space of one collection, and must not reach another in the moment of a switch.
 */
export interface Follower {
  current(): Generation;
  /** Looks at the alias now and then, in the background. */
  glance(): void;
  /**
   * Looks at the alias as it is now, and goes where it points. Fails with `collection_missing`, and with
   * `model_mismatch` where it now stands for a collection of another model: that is not gone to.
   */
  look(): Async<Generation>;
  /** What this process itself has put behind the alias: of any model. */
  set(generation: Generation): void;
  /** What has been found out about the current one; nothing, where that is another by now. */
  refine(generation: Generation): void;
}

/** So long a search may ask a collection that has been replaced. */
const glanceEveryMs = 1_000;

export interface FollowerOptions {
  readonly connection: QdrantConnection;
  readonly alias: string;
  readonly opened: Generation;
  readonly logger?: Pick<Logger, 'info' | 'warn'> | undefined;
}

export function createFollower({ connection, alias, opened, logger }: FollowerOptions): Follower {
  let current = opened;
  let model: Model = opened.model;
  let lookedMs = performance.now();
  const refusals = createRefusals(logger);

  async function follow(): Async<Generation> {
    const from = current;
    const found = await findGeneration(connection, alias, from);
    if (!found.ok) return found;
    const refused = modelRefusal(alias, found.value.model, model);
    if (refused) return err(refusals.note(found.value.name, refused));
    // In between this process itself may have published another, or another call have gone there.
    if (found.value.name === current.name || current.name !== from.name) return ok(current);
    logger?.info({ from: from.name, to: found.value.name }, 'the collection was replaced');
    current = found.value;
    return ok(current);
  }

  async function look(): Async<Generation> {
    const found = await follow();
    lookedMs = performance.now();
    return found;
  }

  return {
    current: () => current,
    glance() {
      if (performance.now() - lookedMs <= glanceEveryMs) return;
      lookedMs = performance.now();
      void look();
    },
    look,
    set(generation) {
      current = generation;
      model = generation.model;
    },
    refine(generation) {
      if (generation.name === current.name) current = generation;
    },
  };
}

/** What the alias stands for. */
async function findGeneration(
  connection: QdrantConnection,
  alias: string,
  current: Generation,
): Async<Generation> {
  const name = await resolveAlias(connection, alias);
  if (!name.ok) return name;
  if (name.value === undefined) return err(missing(alias));
  return name.value === current.name ? ok(current) : readGeneration(connection, name.value);
}

/** A search that goes on in the old collection looks every second; the log has it once. */
function createRefusals(logger: Pick<Logger, 'warn'> | undefined) {
  let warnedOf: string | undefined;
  return {
    note(collection: string, refused: Failure): Failure {
      if (warnedOf !== collection) logger?.warn({ collection }, refused.detail);
      warnedOf = collection;
      return refused;
    },
  };
}

/** For a collection that no alias stands for yet: it stays the same one. */
export function createFixed(opened: Generation): Follower {
  let current = opened;
  return {
    current: () => current,
    glance: () => undefined,
    look: async () => ok(current),
    set: () => undefined,
    refine(generation) {
      if (generation.name === current.name) current = generation;
    },
  };
}

function missing(alias: string) {
  return failure(
    'collection_missing',
    `Cannot use the collection ${alias} as Qdrant does not have it any more: restore a snapshot, or start again and index again`,
  );
}
