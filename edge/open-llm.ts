import {
  explanationAccess,
  type LlmAccess,
  type LlmSettings,
  rerankAccess,
} from '../adapters/llm-settings.ts';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createMemoryQuota } from '../adapters/memory-quota.ts';
import { createOpenAiClient } from '../adapters/openai-client.ts';
import { createOpenAiExplainer } from '../adapters/openai-explainer.ts';
import { createOpenAiReranker } from '../adapters/openai-reranker.ts';
import type { RedisConnection } from '../adapters/redis-connection.ts';
import { createRedisQuota } from '../adapters/redis-quota.ts';
import { createLlmGuard, type LlmGuard } from '../core/llm-guard.ts';
import type { LlmTask, LlmUsage, Thumbnails } from '../core/llm.ts';
import type { Cache, Logger, Metrics } from '../core/ports.ts';
import type { Clock } from '../core/timings.ts';
import type { LlmParts } from './app.ts';

export interface OpenLlmParts {
  /** Left out: every process counts its quota for itself. */
  readonly redis: RedisConnection | undefined;
  /** Keeps what was said. Left out: this process keeps some of it for itself. */
  readonly cache: Cache | undefined;
  readonly ttlSeconds: number;
  /** What a re-ranking model is shown. Without them there is none. */
  readonly thumbnails: Thumbnails | undefined;
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, 'warn'>;
  readonly now: Clock;
}

const keptOrderBytes = 4_000_000;

/**
 * The language models that the environment asks for. None of them need be there yet: each is asked
 * when somebody wants it, and the package that speaks to them is loaded then.
 */
export function openLlm(settings: LlmSettings, parts: OpenLlmParts): LlmParts {
  return { explanation: openExplanation(settings, parts), rerank: openRerank(settings, parts) };
}

function openExplanation(settings: LlmSettings, parts: OpenLlmParts): LlmParts['explanation'] {
  const access = explanationAccess(settings);
  if (access === undefined) return undefined;
  const { cache, ttlSeconds, now } = parts;
  const client = createOpenAiClient(access);
  return {
    explainer: createOpenAiExplainer({
      client,
      model: access.model,
      maxTokens: settings.LLM_MAX_TOKENS,
    }),
    guard: createGuard('explanation', access, parts),
    cache,
    ttlSeconds,
    now,
  };
}

function openRerank(settings: LlmSettings, parts: OpenLlmParts): LlmParts['rerank'] {
  const access = rerankAccess(settings);
  if (access === undefined) return undefined;
  const { thumbnails, cache, ttlSeconds, logger, now } = parts;
  if (thumbnails === undefined) {
    const detail =
      'Cannot re-rank as nobody knows where thumbnails are: neither PICTURES_BUCKET nor PICTURES_URL is set';
    logger.warn({}, detail);
    return undefined;
  }
  const client = createOpenAiClient(access);
  return {
    reranker: createOpenAiReranker({ client, model: access.model }),
    thumbnails,
    guard: createGuard('rerank', access, parts),
    // The key is the whole question, so what one process keeps can't be wrong.
    cache: cache ?? createMemoryCache({ now, maxBytes: keptOrderBytes }),
    ttlSeconds,
  };
}

function createGuard(
  task: LlmTask,
  { dailyQuota: limit, timeoutMs, prices }: LlmAccess,
  { redis, metrics, logger, now }: OpenLlmParts,
): LlmGuard {
  const quota = redis
    ? createRedisQuota({ connection: redis, name: task, limit })
    : createMemoryQuota({ limit });
  const priceOf = (usage: LlmUsage) => (prices ? costOf(usage, prices) : null);
  return createLlmGuard({ task, quota, timeoutMs, priceOf, metrics, logger, now });
}

/** In US dollars, to the billionth; prices are for a million tokens. */
function costOf(
  { inputTokens, outputTokens }: LlmUsage,
  { input, output }: { readonly input: number; readonly output: number },
): number {
  return Math.round((inputTokens * input + outputTokens * output) * 1000) / 1e9;
}
