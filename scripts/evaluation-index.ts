import { join } from 'node:path';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createProcessLogger } from '../adapters/process-logger.ts';
import type { Async } from '../core/failure.ts';
import { imageId } from '../core/image-id.ts';
import { indexObjects } from '../core/index-objects.ts';
import { type ImageId, SearchQuery, type SearchResponse } from '../core/model.ts';
import type { Encoder, ModelInfo, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { createSearch } from '../core/search.ts';
import { withTextCache } from '../core/text-cache.ts';
import { createTimings } from '../core/timings.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { openEncoder } from '../gpu-service/open-encoder.ts';
import { drawDemoPictures, listDemoPictures } from './demo-pictures.ts';
import { createProgress } from './progress.ts';
import { openThrowAwayStore } from './throw-away-store.ts';

/** What `npm start` would search, to be asked without it. */
export interface EvaluationIndex {
  readonly model: ModelInfo;
  readonly store: VectorStore;
  /** Keys of the pictures by their ids. */
  readonly keys: ReadonlyMap<ImageId, string>;
  /** One search, as the service does it; what is left out is as in the API. */
  ask(query: Partial<SearchQuery>): Async<SearchResponse>;
  close(): Promise<void>;
}

/**
 * Draws the demo pictures, unless they are in the data directory from the last time, and indexes
 * them with the model in force into a store that is thrown away.
 */
export async function openDemoIndex(
  config: GpuServiceConfig,
  signal: AbortSignal,
): Async<EvaluationIndex> {
  const bare = await openEncoder(config, createProcessLogger(config.LOG_LEVEL));
  if (!bare.ok) return bare;
  const encoder = withTextCache(bare.value);
  const opened = await openThrowAwayStore(config, { model: encoder.model, searchSpace: null });
  if (!opened.ok) {
    await encoder.close();
    return opened;
  }
  const { store, remove } = opened.value;
  const close = async () => {
    await remove();
    await encoder.close();
  };
  // Not the folder of `npm start`: to it, pictures without its mark are a first run that was cut off.
  const directory = join(config.DATA_DIR, 'evaluation-pictures');
  const keys = await fill({ encoder, store, directory, signal }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  if (!keys.ok) {
    await close();
    return keys;
  }
  const { model } = encoder;
  return ok({ model, store, keys: keys.value, ask: createAsk({ encoder, store }, signal), close });
}

async function fill(parts: {
  readonly encoder: Encoder;
  readonly store: VectorStore;
  readonly directory: string;
  readonly signal: AbortSignal;
}): Async<ReadonlyMap<ImageId, string>> {
  const { directory, signal } = parts;
  const pictures = await listDemoPictures();
  const drawing = createProgress('Drawing ', pictures.length);
  await drawDemoPictures(directory, pictures, () => drawing.advance(1), signal);
  drawing.stop();
  const indexing = createProgress('Indexing', pictures.length);
  const indexed = await indexObjects(parts, {
    objects: createDirectoryObjects(directory),
    batchSize: 64,
    prune: false,
    signal,
    onOutcomes: async (outcomes) => indexing.advance(outcomes.length),
  });
  indexing.stop();
  return indexed.ok ? ok(new Map(pictures.map(({ key }) => [imageId(key), key]))) : indexed;
}

/** Searches as the service does it. */
export function createAsk(
  parts: { readonly encoder: Encoder; readonly store: VectorStore },
  signal: AbortSignal,
): EvaluationIndex['ask'] {
  const search = createSearch({ ...parts, urlsOf: () => ({ url: '', thumbnail_url: null }) });
  return (query) =>
    search(SearchQuery.parse(query), {
      requestId: 'evaluate',
      signal,
      timings: createTimings(() => performance.now()),
      notes: {},
    });
}
