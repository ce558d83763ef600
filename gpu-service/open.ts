import { withBatching } from '../core/batched.ts';
import type { Async } from '../core/failure.ts';
import type { Encoder, Logger, Metrics, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { withTextCache } from '../core/text-cache.ts';
import type { GpuServiceConfig } from './config.ts';
import { openEncoder } from './open-encoder.ts';
import { openStore } from './open-store.ts';
import { encodeQueryTexts } from './text-vectors.ts';

export interface Engine {
  /** For searches: texts share runs, and known ones need none. */
  readonly encoder: Encoder;
  /** The same model without queue and cache: what answers here has been encoded. */
  readonly bareEncoder: Encoder;
  readonly store: VectorStore;
  close(): Promise<void>;
}

/** Loads the model, warm, and opens the index that belongs to it. */
export async function openEngine(
  config: GpuServiceConfig,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  metrics?: Pick<Metrics, 'countTextLookup' | 'observeBatch' | 'trackQueue'>,
): Async<Engine> {
  const bareEncoder = await openEncoder(config, logger);
  if (!bareEncoder.ok) return bareEncoder;
  const store = await openStore(config, {
    model: bareEncoder.value.model,
    textVectors: () => encodeQueryTexts(bareEncoder.value),
    logger,
  });
  if (!store.ok) {
    await bareEncoder.value.close();
    return store;
  }
  const batched = withBatching(bareEncoder.value, {
    onRun: (texts) => metrics?.observeBatch(texts),
    trackQueue: (depth) => metrics?.trackQueue('texts', depth),
  });
  const encoder = withTextCache(batched, { onLookup: (hit) => metrics?.countTextLookup(hit) });
  return ok({
    encoder,
    bareEncoder: bareEncoder.value,
    store: store.value,
    async close() {
      await store.value.close();
      await encoder.close();
    },
  });
}
