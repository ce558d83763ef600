import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LlmSettings } from '../adapters/llm-settings.ts';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import type { VectorStore } from '../core/ports.ts';
import { openLlm } from '../edge/open-llm.ts';
import { listen, type RunningServer } from '../http/server.ts';
import { createClient } from '../web/client.ts';
import { createEventParser } from '../web/event-stream.ts';
import { createKey } from './support/api-keys.ts';
import { readEvents } from './support/event-reader.ts';
import { expectOk } from './support/expect-ok.ts';
import {
  type ChatBehaviour,
  neverAnswers,
  refuses,
  says,
  saysForEver,
  useOpenAiServers,
} from './support/openai-server.ts';
import { createThreePictures, createWholeEdge, openSettings } from './support/openapi-edge.ts';
import { createLog } from './support/search-app.ts';

const startServer = useOpenAiServers();
const servers: RunningServer[] = [];
const now = () => performance.now();

let store: VectorStore;
beforeAll(async () => {
  store = await createThreePictures();
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

/** The whole edge over a socket, with a model that is asked over another one. */
async function serve(
  behaviour: ChatBehaviour,
  parts: { readonly timeoutMs?: number; readonly settings?: Partial<typeof openSettings> } = {},
) {
  const model = await startServer(behaviour);
  const settings = LlmSettings.parse({
    LLM_ENABLED: 'true',
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'secret',
    LLM_TIMEOUT_MS: String(parts.timeoutMs ?? 20_000),
  });
  const llm = openLlm(settings, {
    redis: undefined,
    cache: undefined,
    ttlSeconds: 60,
    thumbnails: undefined,
    metrics: createPrometheusMetrics(now),
    logger: createLog(),
    now,
  });
  const edge = createWholeEdge({ settings: { ...openSettings, ...parts.settings }, store, llm });
  const { fetch } = edge.app;
  const server = expectOk(await listen({ fetch, hostname: '127.0.0.1', port: 0 }));
  servers.push(server);
  return { model, edge, url: `http://127.0.0.1:${server.port}` };
}

/** A model that says nothing before a test lets it. */
function held(words: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const behaviour: ChatBehaviour = async (response, asked) => {
    await promise;
    return says(words)(response, asked);
  };
  return { behaviour, release: resolve };
}

async function namesOf(reader: Awaited<ReturnType<typeof readEvents>>): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const event = await reader.next();
    if (event === undefined) return names;
    names.push(event.name);
  }
}

describe('a search that is streamed through the whole edge', () => {
  it('shows its results while the model has not said a word', async () => {
    const { behaviour, release } = held('They bark.');
    const { url, edge, model } = await serve(behaviour);
    const body = { query: 'a dog', include_explanation: true };
    const reader = await readEvents(url, { body });
    expect(reader.headers['x-cache']).toBe('miss');
    expect(reader.headers['server-timing']).toMatch(/encode;dur=.*search;dur=.*total;dur=/);
    const first = await reader.nextValue();
    expect(first).toMatchObject(['results', { query: 'a dog', total: 3, explanation: null }]);
    expect(edge.lines).toMatchObject([{ route: '/search', status: 200, cache: 'miss' }]);
    release();
    const rest = createEventParser()(await reader.rest());
    const pieces = rest.slice(0, -1).map(({ data }) => (JSON.parse(data) as { text: string }).text);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe('They bark.');
    expect(rest.at(-1)?.name).toBe('done');
    expect(JSON.parse(rest.at(-1)?.data ?? '')).toMatchObject({
      explanation: 'They bark.',
      llm: { explanation: { outcome: 'ok', cached: false } },
    });
    // The same again costs nothing.
    const again = await readEvents(url, { body });
    expect(again.headers['x-cache']).toBe('hit');
    expect(await again.nextValue()).toMatchObject(['results', { cached: true }]);
    expect(await again.nextValue()).toEqual(['explanation', { text: 'They bark.' }]);
    expect(await again.nextValue()).toMatchObject([
      'done',
      { explanation: 'They bark.', llm: { explanation: { outcome: 'ok', cached: true } } },
    ]);
    expect(model.asked).toHaveLength(1);
    expect(edge.bugs).toEqual([]);
  });

  it('says the same as the answer that comes whole', async () => {
    const { url } = await serve(says('They bark.'));
    const client = createClient({ baseUrl: url });
    const query = { query: 'a dog', include_explanation: true, cursor: '*' as const, top_k: 2 };
    const whole = await client.search(query);
    const streamed = await client.searchStream(query);
    if (!whole.ok || !streamed.ok) throw new Error('Both must be answered');
    const { latency_ms: _, cached: __, llm: ___, next_cursor: ____, ...same } = whole.value;
    expect(streamed.value).toMatchObject(same);
    expect(streamed.value.next_cursor).toMatch(/^[\w-]{22}\.2$/);
    expect(streamed.value.explanation).toBe('They bark.');
    expect(streamed.timing).toHaveProperty('total');
  });

  it.each([
    ['refuses', refuses(401), 'unavailable'],
    ['is never heard of', neverAnswers, 'timeout'],
    ['goes on for ever', saysForEver('and so on', 20), 'timeout'],
  ] as const)('has its results and an end where the model %s', async (_, behaviour, outcome) => {
    // A refusal takes as long as a busy machine takes; only what never ends is to meet the deadline.
    const { url } = await serve(behaviour, { timeoutMs: outcome === 'timeout' ? 300 : 20_000 });
    const reader = await readEvents(url);
    expect(await reader.nextValue()).toMatchObject(['results', { total: 3 }]);
    let last: unknown;
    for (let value = await reader.nextValue(); value; value = await reader.nextValue())
      last = value;
    expect(last).toMatchObject(['done', { llm: { explanation: { outcome } } }]);
  });

  it('leaves the model when its caller does', async () => {
    const { url, model } = await serve(neverAnswers);
    const reader = await readEvents(url);
    expect(await reader.nextValue()).toMatchObject(['results', { total: 3 }]);
    await expect.poll(() => model.asked.length).toBe(1);
    reader.leave();
    await expect.poll(() => model.left()).toBe(1);
  });

  it('is told to two callers of the same, each from the beginning to the end', async () => {
    const { behaviour, release } = held('They bark.');
    const { url, model } = await serve(behaviour);
    const readers = await Promise.all([readEvents(url), readEvents(url)]);
    for (const reader of readers) {
      expect(await reader.nextValue()).toMatchObject(['results', { total: 3 }]);
    }
    release();
    const [one, two] = await Promise.all(readers.map((reader) => reader.rest()));
    for (const text of [one, two]) expect(text).toContain('"explanation":"They bark."');
    expect(model.asked).toHaveLength(1);
  });

  it('goes on for one caller when the other leaves', async () => {
    const { behaviour, release } = held('They bark.');
    const { url } = await serve(behaviour);
    const [leaving, staying] = await Promise.all([readEvents(url), readEvents(url)]);
    await Promise.all([leaving.next(), staying.next()]);
    leaving.leave();
    release();
    const names = await namesOf(staying);
    expect(names.at(-1)).toBe('done');
    expect(names).toContain('explanation');
  });

  it('is refused without a key, and past the limit, as any other search is', async () => {
    const key = createKey({ rate: { perSecond: 0.001, burst: 2 } });
    const settings = { keys: [key], keysRequired: true };
    const { url } = await serve(says('They bark.'), { settings });
    const stranger = await readEvents(url);
    expect(stranger.status).toBe(401);
    expect(stranger.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(await stranger.rest())).toMatchObject({ code: 'unauthenticated' });
    const headers = { authorization: `Bearer ${key.key}` };
    const first = await readEvents(url, { headers });
    expect(first.status).toBe(200);
    expect(first.headers['ratelimit-remaining']).toBe('1');
    expect((await namesOf(first)).at(-1)).toBe('done');
    await namesOf(await readEvents(url, { headers }));
    const late = await readEvents(url, { headers });
    expect(late.status).toBe(429);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(await late.rest())).toMatchObject({ code: 'rate_limited' });
  });

  it('is offered where there is a model, and said to be off where there is none', async () => {
    const { url } = await serve(says('They bark.'));
    const client = createClient({ baseUrl: url });
    const health = await client.health();
    expect(health.ok && health.value.features).toEqual({ explanation: true, rerank: false });
    const answer = await client.searchStream({ query: 'a', rerank: true });
    expect(answer.ok && answer.value.llm?.rerank?.outcome).toBe('off');
  });
});

describe('what pictures can be filtered by, through the whole edge', () => {
  it('is told to clients, and not again before the minute is over', async () => {
    const { url } = await serve(says(''));
    const client = createClient({ baseUrl: url });
    const facets = await client.facets();
    expect(facets).toMatchObject({ ok: true, value: { sampled: 3, total: 3 } });
    expect(facets.timing).toHaveProperty('facets');
    const again = await client.facets();
    expect(again.timing).not.toHaveProperty('facets');
    expect(again.ok && again.value).toEqual(facets.ok && facets.value);
  });
});
