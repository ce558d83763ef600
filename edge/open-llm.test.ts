import { describe, expect, it } from 'vitest';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import { LlmSettings } from '../adapters/llm-settings.ts';
import { withExplanation } from '../core/explained.ts';
import { failure } from '../core/failure.ts';
import { type SearchResponse, SearchQuery } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createHit } from '../test/support/explained.ts';
import { neverAnswers, says, useOpenAiServers } from '../test/support/openai-server.ts';
import { useRedisConnections } from '../test/support/redis-connection.ts';
import { hasRedis, startRedis } from '../test/support/redis-server.ts';
import { requestContext } from '../test/support/request-context.ts';
import { createLog, createResponse } from '../test/support/search-app.ts';
import { openLlm, type OpenLlmParts } from './open-llm.ts';

const serve = useOpenAiServers();
const { connect } = useRedisConnections();
const now = () => performance.now();

function createParts(parts: Partial<OpenLlmParts> = {}): OpenLlmParts {
  const [metrics, logger] = [createPrometheusMetrics(now), createLog()];
  const kept = { redis: undefined, cache: undefined, ttlSeconds: 60, thumbnails: undefined };
  return { ...kept, metrics, logger, now, ...parts };
}

/** Asks for an explanation of one picture, as the edge does; a busy machine takes its time for it. */
async function explain(
  env: Readonly<Record<string, string>>,
  parts: OpenLlmParts,
  query = 'a dog',
): Promise<SearchResponse> {
  const { explanation } = openLlm(LlmSettings.parse({ LLM_TIMEOUT_MS: '20000', ...env }), parts);
  const found = async () => ok(createResponse({ results: [createHit('1')] }));
  const search = withExplanation(found, explanation);
  return expectOk(
    await search(SearchQuery.parse({ query, include_explanation: true }), requestContext()),
  );
}

describe('the language models that the environment asks for', () => {
  it('are none where it asks for none', async () => {
    expect(openLlm(LlmSettings.parse({}), createParts())).toEqual({});
    expect((await explain({}, createParts())).llm?.explanation?.outcome).toBe('off');
  });

  it('explain, and cost what was said that they cost', async () => {
    const server = await serve(says('They fit.', { usage: { input: 1000, output: 100 } }));
    const prices = { LLM_INPUT_PRICE: '0.15', LLM_OUTPUT_PRICE: '0.6' };
    const env = { LLM_ENABLED: 'true', OPENAI_BASE_URL: server.url, LLM_MODEL: 'small', ...prices };
    const parts = createParts();
    const { explanation, llm } = await explain(env, parts);
    expect(explanation).toBe('They fit.');
    expect(llm?.explanation?.cost_usd).toBeCloseTo(0.00021, 8);
    expect(server.asked[0]?.body).toMatchObject({ model: 'small', max_tokens: 200 });
    const { body } = await parts.metrics.exposition();
    expect(body).toContain('llm_quota_limit{task="explanation"} 1000\n');
    expect(body).toContain('llm_requests_total{task="explanation",outcome="ok"} 1\n');
  });

  it('are waited for no longer than they may take', async () => {
    const server = await serve(neverAnswers);
    const env = { LLM_ENABLED: 'true', OPENAI_BASE_URL: server.url, LLM_TIMEOUT_MS: '100' };
    expect((await explain(env, createParts())).llm?.explanation?.outcome).toBe('timeout');
  });

  it('are asked as often as they may be, and what is kept is kept for all', async () => {
    const server = await serve(says('They fit.'));
    const env = { LLM_ENABLED: 'true', OPENAI_BASE_URL: server.url, LLM_DAILY_QUOTA: '1' };
    const cache = createMemoryCache({ now });
    expect((await explain(env, createParts({ cache }))).explanation).toBe('They fit.');
    expect((await explain(env, createParts({ cache }))).llm?.explanation?.cached).toBe(true);
    expect(server.asked).toHaveLength(1);
  });

  it.skipIf(!hasRedis)('share their quota by Redis', async () => {
    const redis = await startRedis();
    const server = await serve(says('They fit.'));
    const env = { LLM_ENABLED: 'true', OPENAI_BASE_URL: server.url, LLM_DAILY_QUOTA: '2' };
    const outcomes: (string | undefined)[] = [];
    for (const query of ['a dog', 'a cat', 'a cow']) {
      // A process of its own each time.
      const parts = createParts({ redis: await connect({ port: redis.port }) });
      outcomes.push((await explain(env, parts, query)).llm?.explanation?.outcome);
    }
    expect(outcomes).toEqual(['ok', 'ok', 'quota_exhausted']);
    await redis.stop();
  });

  it('look at pictures only where somebody has thumbnails', () => {
    const settings = LlmSettings.parse({ RERANK_ENABLED: 'true', RERANK_API_KEY: 'key' });
    const logger = createLog();
    expect(openLlm(settings, createParts({ logger })).rerank).toBeUndefined();
    expect(logger.lines).toMatchObject([{ level: 'warn' }]);
    const thumbnails = { of: async () => err(failure('not_found', 'none')) };
    expect(openLlm(settings, createParts({ thumbnails })).rerank).toMatchObject({
      reranker: { model: 'gemini-1.5-flash' },
      thumbnails,
    });
  });
});
