import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { CollectionStatus, ReplicaState } from '@qdrant/js-client-grpc';
import type { QdrantFaults } from './qdrant-faults.ts';
import type { StandInCollection } from './qdrant-collection.ts';
import type { Collections } from './qdrant-protocol.ts';
import type { QdrantVersion } from './qdrant-server.ts';
import { settingsOf, updatedSettings } from './qdrant-settings-of.ts';
import type { AliasChange, QdrantStorage } from './qdrant-storage.ts';

interface Parts {
  readonly storage: QdrantStorage;
  readonly faults: Pick<QdrantFaults, 'isOptimizing'>;
  readonly version: QdrantVersion;
}

const time = 0.001;

export function createCollectionsService(parts: Parts): Partial<ServiceImpl<typeof Collections>> {
  const { storage, version } = parts;
  const alias = ([aliasName, collectionName]: readonly [string, string]) => ({
    aliasName,
    collectionName,
  });
  return {
    get: ({ collectionName }) => ({ result: infoOf(storage.find(collectionName), parts), time }),
    list: () => ({
      collections: Array.from(storage.collections.keys(), (name) => ({ name })),
      time,
    }),
    create(request) {
      storage.create(request.collectionName, settingsOf(request, version, storage.nodes.count));
      return { result: true, time };
    },
    update(request) {
      const collection = storage.find(request.collectionName);
      collection.settings = updatedSettings(collection.settings, request, version);
      return { result: true, time };
    },
    delete: ({ collectionName }) => ({ result: storage.remove(collectionName), time }),
    updateAliases({ actions }) {
      storage.changeAliases(actions.map(({ action }) => aliasChange(action)));
      return { result: true, time };
    },
    listAliases: () => ({ aliases: Array.from(storage.aliases, alias), time }),
    listCollectionAliases({ collectionName }) {
      const { name } = storage.find(collectionName);
      const own = Array.from(storage.aliases).filter(([, of]) => of === name);
      return { aliases: own.map(alias), time };
    },
    collectionExists: ({ collectionName: name }) => ({
      result: { exists: storage.collections.has(storage.aliases.get(name) ?? name) },
      time,
    }),
    collectionClusterInfo: ({ collectionName }) =>
      clusterInfo(storage.find(collectionName), storage),
  };
}

type AliasAction = Parameters<
  ServiceImpl<typeof Collections>['updateAliases']
>[0]['actions'][number]['action'];

function aliasChange(action: AliasAction): AliasChange {
  switch (action.case) {
    case 'createAlias':
      return {
        kind: 'create',
        alias: action.value.aliasName,
        collection: action.value.collectionName,
      };
    case 'renameAlias':
      return { kind: 'rename', alias: action.value.oldAliasName, to: action.value.newAliasName };
    case 'deleteAlias':
      return { kind: 'delete', alias: action.value.aliasName };
    default:
      throw new ConnectError('Malformed AliasOperation type', Code.InvalidArgument);
  }
}

function infoOf(collection: StandInCollection, { faults }: Parts) {
  const { points } = collection.read();
  const { params, hnswConfig, walConfig, quantizationConfig, strictModeConfig, metadata } =
    collection.settings;
  const threshold = Number(collection.settings.optimizersConfig?.indexingThreshold ?? 0n);
  const kilobytes = (points.length * collection.dimensions * 4) / 1024;
  const indexed = kilobytes > threshold && threshold > 0 ? points.length : 0;
  const isOptimizing = faults.isOptimizing();
  return {
    status: isOptimizing ? CollectionStatus.Yellow : CollectionStatus.Green,
    optimizerStatus: { ok: true, error: '' },
    segmentsCount: 1n,
    config: {
      params,
      hnswConfig,
      optimizerConfig: collection.settings.optimizersConfig,
      walConfig,
      quantizationConfig,
      strictModeConfig,
      metadata,
    },
    payloadSchema: Object.fromEntries(
      Array.from(collection.indexes, ([key, { dataType, params: indexParams }]) => [
        key,
        {
          dataType,
          params: indexParams as undefined,
          points: BigInt(points.filter(({ payload }) => Object.hasOwn(payload, key)).length),
        },
      ]),
    ),
    pointsCount: BigInt(points.length),
    indexedVectorsCount: BigInt(isOptimizing ? Math.floor(points.length / 2) : indexed),
  };
}

function clusterInfo({ shards }: StandInCollection, { nodes }: QdrantStorage) {
  const replicas = shards.placement.flatMap((onNodes, shardId) =>
    onNodes.map((node) => ({
      shardId,
      peerId: BigInt(node + 1),
      pointsCount: 0n,
      state: nodes.isUp(node) ? ReplicaState.Active : ReplicaState.Dead,
    })),
  );
  return {
    peerId: 1n,
    shardCount: BigInt(shards.placement.length),
    localShards: replicas.filter(({ peerId }) => peerId === 1n),
    remoteShards: replicas.filter(({ peerId }) => peerId !== 1n),
    time,
  };
}
