import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Logger as PinoLogger } from 'pino';
import { createProcessLogger } from '../adapters/process-logger.ts';
import { parseEnv } from '../core/env.ts';
import type { Async, Failure } from '../core/failure.ts';
import { createGeneration, withGeneration } from '../core/generation.ts';
import type { Cache, Metrics } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import { FrontConfig } from '../edge/config.ts';
import { type Front, openFront } from '../edge/front.ts';
import { GpuServiceConfig } from '../gpu-service/config.ts';
import { type Engine, openEngine } from '../gpu-service/open.ts';
import { modelIdOf } from '../gpu-service/open-encoder.ts';
import { ModelSettings } from './model-settings.ts';
import { pullWithProgress } from './pull-model.ts';

/**
 * The config of everything that runs on a person's own machine: nothing is offered to the network,
 * and only warnings are logged. An empty variable is one that is not set, here as in `parseEnv`.
 */
export function readLocalConfig(env = process.env): Result<GpuServiceConfig, Failure> {
  const API_HOST = env['API_HOST'] || '127.0.0.1';
  const LOG_LEVEL = env['LOG_LEVEL'] || 'warn';
  return parseEnv(GpuServiceConfig, { ...env, API_HOST, LOG_LEVEL });
}

/** What is in front of a search on a person's own machine: no keys and no limits, unless asked for. */
export function readLocalFront(env = process.env): Result<FrontConfig, Failure> {
  const API_KEYS_REQUIRED = env['API_KEYS_REQUIRED'] || 'false';
  const RATE_LIMIT_PER_SECOND = env['RATE_LIMIT_PER_SECOND'] || '0';
  return parseEnv(FrontConfig, { ...env, API_KEYS_REQUIRED, RATE_LIMIT_PER_SECOND });
}

/** Opens model and index for as long as the work takes. */
export async function withEngine<T>(
  work: (opened: Opened) => Async<T>,
  metrics?: Metrics,
): Async<T> {
  const config = readLocalConfig();
  if (!config.ok) return config;
  const frontConfig = readLocalFront();
  if (!frontConfig.ok) return frontConfig;
  const model = await pullMissing(config.value);
  if (!model.ok) return model;
  const logger = createProcessLogger(config.value.LOG_LEVEL);
  // First, as it connects while the model is loaded.
  const front = openFront(frontConfig.value, logger, () => performance.now());
  const engine = await openEngine(config.value, logger, metrics);
  if (!engine.ok) {
    await front.close();
    return engine;
  }
  const { encoder } = engine.value;
  const generations = endGenerations(front.cache, config.value);
  const store = withGeneration(engine.value.store, generations, {
    logger,
    coalesce: true,
  });
  try {
    const opened = { engine: { ...engine.value, store }, front, logger };
    return await work({ ...opened, config: config.value, frontConfig: frontConfig.value });
  } finally {
    await store.close();
    await encoder.close();
    await front.close();
  }
}

/** All that a command on a person's own machine works with. */
export interface Opened {
  readonly engine: Omit<Engine, 'close'>;
  readonly config: GpuServiceConfig;
  readonly front: Front;
  readonly frontConfig: FrontConfig;
  readonly logger: PinoLogger;
}

/**
 * What the cache calls an index: one in Qdrant as everybody does, and one that this machine alone has
 * so that two of one name in two folders may use one Redis.
 */
export function localIndexOf(config: GpuServiceConfig): string {
  const { VECTOR_STORE, QDRANT_COLLECTION, DATA_DIR } = config;
  if (VECTOR_STORE === 'qdrant') return QDRANT_COLLECTION;
  return `${QDRANT_COLLECTION}@${hostname()}:${resolve(DATA_DIR)}`;
}

/** A change here concerns `npm start`, and an edge whose service opens this index next. */
export function endGenerations(cache: Cache | undefined, config: GpuServiceConfig) {
  const names = [...new Set([config.QDRANT_COLLECTION, localIndexOf(config)])];
  const generations = cache ? names.map((name) => createGeneration(cache, name)) : [];
  const all = async (told: readonly Promise<boolean>[]) => (await Promise.all(told)).every(Boolean);
  return {
    end: () => all(generations.map((generation) => generation.end())),
    endSoon: () => all(generations.map((generation) => generation.endSoon())),
  };
}

/** A model of the registry that was asked for by name is brought here first. */
export async function pullMissing(config: GpuServiceConfig): Async<unknown> {
  const id = modelIdOf(config);
  const elsewhere = config.MODEL_DIR !== undefined || config.ENCODER_URL !== undefined;
  if (id === undefined || elsewhere) return ok(undefined);
  const settings = parseEnv(ModelSettings, process.env);
  if (!settings.ok) return settings;
  const { ENCODER_PRECISION: precision } = config;
  const precisions = precision === 'auto' ? [] : [precision];
  return pullWithProgress({ id, precisions }, settings.value);
}
