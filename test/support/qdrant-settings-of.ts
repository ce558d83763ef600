import type { CreateCollection, UpdateCollection } from '@qdrant/js-client-grpc';
import type { CollectionSettings } from './qdrant-collection.ts';
import type { QdrantVersion } from './qdrant-server.ts';
import type { Json } from './qdrant-payload.ts';

/** `1.18` is below `1.19`. */
export function isOlder(version: QdrantVersion, than: QdrantVersion): boolean {
  return Number(version.split('.')[1]) < Number(than.split('.')[1]);
}

/** A new collection's settings, with the server's own where none are given. */
export function settingsOf(
  asked: CreateCollection,
  version: QdrantVersion,
  nodes: number,
): CollectionSettings {
  const known = withoutNewer(asked, version);
  return {
    params: {
      $typeName: 'qdrant.CollectionParams',
      shardNumber: known.shardNumber ?? nodes,
      onDiskPayload: known.onDiskPayload ?? true,
      vectorsConfig: known.vectorsConfig,
      replicationFactor: known.replicationFactor ?? 1,
      writeConsistencyFactor: known.writeConsistencyFactor ?? 1,
    },
    hnswConfig: {
      $typeName: 'qdrant.HnswConfigDiff',
      m: 16n,
      efConstruct: 100n,
      fullScanThreshold: 10_000n,
      maxIndexingThreads: 0n,
      onDisk: false,
      ...given(known.hnswConfig),
    },
    optimizersConfig: {
      $typeName: 'qdrant.OptimizersConfigDiff',
      deletedThreshold: 0.2,
      vacuumMinVectorNumber: 1000n,
      defaultSegmentNumber: 0n,
      indexingThreshold: 10_000n,
      flushIntervalSec: 5n,
      ...given(known.optimizersConfig),
    },
    walConfig: {
      $typeName: 'qdrant.WalConfigDiff',
      walCapacityMb: 32n,
      walSegmentsAhead: 0n,
      ...given(known.walConfig),
    },
    quantizationConfig: known.quantizationConfig,
    strictModeConfig: known.strictModeConfig,
    metadata: known.metadata,
  };
}

/** What an update leaves: each part merged with what it says. */
export function updatedSettings(
  settings: CollectionSettings,
  asked: UpdateCollection,
  version: QdrantVersion,
): CollectionSettings {
  const { params, hnswConfig, optimizersConfig, strictModeConfig, quantizationConfig, metadata } =
    withoutNewer(asked, version);
  const quantization = quantizationConfig?.quantization;
  const kept = Object.entries({ ...settings.metadata, ...metadata }).filter(
    ([, value]) => value.kind.case !== 'nullValue',
  );
  return {
    ...settings,
    params: { ...settings.params, ...given(params), $typeName: 'qdrant.CollectionParams' },
    hnswConfig: merged(settings.hnswConfig, hnswConfig),
    optimizersConfig: merged(settings.optimizersConfig, optimizersConfig),
    strictModeConfig: merged(settings.strictModeConfig, strictModeConfig),
    quantizationConfig:
      quantization === undefined || quantization.case === undefined
        ? settings.quantizationConfig
        : quantization.case === 'disabled'
          ? undefined
          : { $typeName: 'qdrant.QuantizationConfig', quantization },
    metadata: Object.fromEntries(kept),
  };
}

function merged<T extends object>(old: T | undefined, diff: T | undefined): T | undefined {
  if (old === undefined || diff === undefined) return diff ?? old;
  return { ...old, ...given(diff) };
}

/** The fields that are set, without the unset ones that a message carries along. */
function given<T extends object>(message: T | undefined): Partial<T> {
  const set = Object.entries(message ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Partial<T>;
}

/** A server does not see the fields that it does not know: `memory` came with 1.19. */
function withoutNewer<T>(message: T, version: QdrantVersion): T {
  return isOlder(version, '1.19') ? (without(message, 'memory') as T) : message;
}

function without(value: unknown, field: string): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== field)
      .map(([key, one]) => [key, key === 'metadata' ? (one as Json) : without(one, field)]),
  );
}
