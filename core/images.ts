import { type Async, failure } from './failure.ts';
import type { Image, ImageId, ImageRecord, SearchResponse } from './model.ts';
import type { VectorStore } from './ports.ts';
import { err, ok } from './result.ts';
import { thresholdOf } from './score-threshold.ts';
import { answer, type RequestContext, roundMs, type UrlsOf } from './search.ts';

export interface SimilarQuery {
  readonly id: ImageId;
  readonly top_k: number;
  readonly score_threshold: number;
}

/** What can be asked about a picture whose id is known. */
export interface Images {
  get(id: ImageId, context: RequestContext): Async<Image>;
  /** The pictures nearest to one that is in the index, without it. */
  similar(query: SimilarQuery, context: RequestContext): Async<SearchResponse>;
}

export function createImages(parts: {
  readonly store: VectorStore;
  readonly modelId: string;
  readonly urlsOf: UrlsOf;
}): Images {
  const { store, modelId, urlsOf } = parts;
  return {
    async get(id, { signal }) {
      const record = await findRecord(store, id, signal);
      if (!record.ok) return record;
      const { metadata } = record.value;
      return ok({ id, metadata: { ...metadata, ...urlsOf(record.value) } });
    },
    async similar({ id, top_k, score_threshold }, { signal, timings }) {
      const found = await timings.measure('search', async (span) => {
        const vectors = await store.vectors([id], signal);
        if (!vectors.ok) return vectors;
        const vector = vectors.value.get(id);
        if (vector === undefined) return err(noSuchImage(id));
        // One more than asked for: the nearest is the picture itself.
        return store.query({
          vector,
          limit: top_k + 1,
          scoreThreshold: thresholdOf(score_threshold),
          traceparent: span?.traceparent,
          signal,
        });
      });
      if (!found.ok) return found;
      const others = found.value.filter(({ record }) => record.id !== id).slice(0, top_k);
      return ok({
        query: null,
        ...answer(others, urlsOf),
        latency_ms: roundMs(timings.elapsed()),
        model: modelId,
        query_truncated: false,
      });
    },
  };
}

/** The record of one id, or `not_found`. */
export async function findRecord(
  store: VectorStore,
  id: ImageId,
  signal?: AbortSignal,
): Async<ImageRecord> {
  const records = await store.get([id], signal);
  if (!records.ok) return records;
  const [record] = records.value;
  return record === undefined ? err(noSuchImage(id)) : ok(record);
}

function noSuchImage(id: ImageId) {
  return failure('not_found', `Cannot find the image as no picture has this id: ${id}`);
}
