import type { Hono } from 'hono';
import type { Health } from '../http/health.ts';
import { createRemoteService } from '../http/remote-service.ts';
import { createEdge, type EdgeParts, type LlmParts } from './app.ts';
import type { AwsEnvironment, EdgeConfig } from './config.ts';
import { openFront } from './front.ts';
import { openLlm, type OpenLlmParts } from './open-llm.ts';
import { openThumbnails } from './open-thumbnails.ts';
import { openUploads, uploadOrigins } from './open-uploads.ts';

export interface Edge {
  readonly app: Hono;
  close(): Promise<void>;
}

/** The edge that the environment asks for. Neither Redis nor the service need be there yet. */
export function openEdge(
  config: EdgeConfig,
  parts: Pick<EdgeParts, 'logger' | 'metrics' | 'tracer' | 'now'>,
  aws: AwsEnvironment,
): Edge {
  const { logger, now, tracer } = parts;
  const front = openFront(config, logger, now);
  const service = createRemoteService({
    baseUrl: config.SERVICE_URL,
    secret: config.SERVICE_SECRET[0],
    timeoutMs: config.REQUEST_TIMEOUT_MS,
  });
  const { cache, limiter, settings } = front;
  const modelId = modelIdOf(config);
  const app = createEdge({
    ...parts,
    ...service,
    ...uploadParts(config, aws, service.images),
    health: async () => (await service.health()) ?? absent(modelId),
    limiter,
    settings,
    llm: llmParts(config, aws, { ...parts, ...front }),
    cached: cache && {
      cache,
      index: config.QDRANT_COLLECTION,
      modelId,
      ttlSeconds: config.REDIS_CACHE_TTL,
    },
    timeoutMs: config.REQUEST_TIMEOUT_MS,
  });
  return {
    app,
    async close() {
      front.close();
      service.close();
      await tracer?.close();
    },
  };
}

function uploadParts(
  { PICTURES_BUCKET: bucket }: EdgeConfig,
  aws: AwsEnvironment,
  images: EdgeParts['images'],
): Pick<EdgeParts, 'uploads' | 'connectTo'> {
  if (bucket === undefined) return {};
  return {
    uploads: openUploads({ bucket, aws, images }),
    connectTo: uploadOrigins(bucket, aws),
  };
}

function llmParts(
  config: EdgeConfig,
  aws: AwsEnvironment,
  parts: Omit<OpenLlmParts, 'ttlSeconds' | 'thumbnails'>,
): LlmParts {
  const { PICTURES_BUCKET: bucket, PICTURES_URL: base, REDIS_CACHE_TTL: ttlSeconds } = config;
  const thumbnails = openThumbnails({ bucket, base, aws });
  return openLlm(config, { ...parts, ttlSeconds, thumbnails });
}

/** The health of a service that does not answer. */
function absent(model: string): Health {
  return {
    status: 'unhealthy',
    clip_loaded: false,
    qdrant_connected: null,
    redis_connected: null,
    vector_store: 'unknown',
    device: 'unknown',
    model,
  };
}

function modelIdOf({ CLIP_MODEL_NAME: name, CLIP_PRETRAINED: pretrained }: EdgeConfig): string {
  return pretrained === undefined ? name : `${name}/${pretrained}`;
}
