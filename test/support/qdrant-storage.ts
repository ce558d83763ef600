import { badInput, collectionExists, noCollection } from './qdrant-errors.ts';
import {
  type CollectionSettings,
  createStandInCollection,
  type StandInCollection,
} from './qdrant-collection.ts';
import type { QdrantNodes } from './qdrant-nodes.ts';

export type AliasChange =
  | { readonly kind: 'create'; readonly alias: string; readonly collection: string }
  | { readonly kind: 'rename'; readonly alias: string; readonly to: string }
  | { readonly kind: 'delete'; readonly alias: string };

/** Everything that a server keeps: collections, and their aliases. */
export interface QdrantStorage {
  readonly nodes: QdrantNodes;
  readonly collections: Map<string, StandInCollection>;
  readonly aliases: Map<string, string>;
  /** By its name or an alias; throws where there is none. */
  find(name: string): StandInCollection;
  create(name: string, settings: CollectionSettings): StandInCollection;
  /** By its own name alone; whether it was there. */
  remove(name: string): boolean;
  /** All changes at once, or none. */
  changeAliases(changes: readonly AliasChange[]): void;
  recover(): void;
}

export function createQdrantStorage(nodes: QdrantNodes): QdrantStorage {
  const collections = new Map<string, StandInCollection>();
  const aliases = new Map<string, string>();
  const find = (name: string) => {
    const collection = collections.get(aliases.get(name) ?? name);
    if (collection === undefined) throw noCollection(name);
    return collection;
  };
  return {
    nodes,
    collections,
    aliases,
    find,
    create(name, settings) {
      if (collections.has(name)) throw collectionExists(name);
      if (aliases.has(name)) {
        throw badInput(
          `Can't create collection with name ${name}. Alias with the same name already exists`,
        );
      }
      const collection = createStandInCollection(name, settings, nodes);
      collections.set(name, collection);
      return collection;
    },
    remove(name) {
      for (const [alias, of] of aliases) if (of === name) aliases.delete(alias);
      return collections.delete(name);
    },
    changeAliases(changes) {
      const changed = new Map(aliases);
      for (const change of changes) applyAlias(change, changed, collections);
      aliases.clear();
      for (const [alias, of] of changed) aliases.set(alias, of);
    },
    recover() {
      for (const { shards } of collections.values()) shards.recover();
    },
  };
}

function applyAlias(
  change: AliasChange,
  aliases: Map<string, string>,
  collections: ReadonlyMap<string, StandInCollection>,
): void {
  switch (change.kind) {
    case 'create':
      if (!collections.has(change.collection)) throw noCollection(change.collection);
      if (collections.has(change.alias)) throw collectionExists(change.alias);
      aliases.set(change.alias, change.collection);
      break;
    case 'rename': {
      const of = aliases.get(change.alias);
      if (of === undefined) throw noCollection(change.alias);
      aliases.delete(change.alias);
      aliases.set(change.to, of);
      break;
    }
    case 'delete':
      aliases.delete(change.alias);
      break;
  }
}
