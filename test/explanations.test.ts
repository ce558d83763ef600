import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SearchResponse } from '../core/model.ts';
import { readEvents } from './support/event-reader.ts';
import { lambdaEvents } from './support/lambda-events.ts';
import { startLambda } from './support/lambda-process.ts';
import {
  neverAnswers,
  type OpenAiServer,
  refuses,
  says,
  saysForEver,
  startOpenAiServer,
} from './support/openai-server.ts';
import { runScript } from './support/processes.ts';
import { until } from './support/redis-server.ts';
import { type RunningService, startEdge, startService } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const secret = 'a-secret-of-the-edge-and-the-service';
const apiKey = 'sk-never-to-be-seen-anywhere';
/** The deadline where it is to pass. */
const shortMs = 1000;

let service: RunningService;
let model: OpenAiServer;
let edge: RunningService | undefined;
beforeAll(async () => {
  service = await startService(await temporaryDirectory(), { SERVICE_SECRET: secret });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  model = await startOpenAiServer();
});
afterEach(async () => {
  await edge?.stop();
  edge = undefined;
  await model.close();
});

/** @param timeoutMs Of the model. Long: a busy machine needs time to load what speaks to it. */
async function open(timeoutMs = 20_000): Promise<RunningService> {
  edge = await startEdge({
    SERVICE_URL: service.url,
    SERVICE_SECRET: secret,
    LLM_ENABLED: 'true',
    LLM_MODEL: 'small',
    LLM_TIMEOUT_MS: String(timeoutMs),
    LLM_INPUT_PRICE: '1',
    LLM_OUTPUT_PRICE: '2',
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: apiKey,
    REQUEST_TIMEOUT_MS: '30000',
  });
  return edge;
}

async function search({ url }: RunningService, body: object): Promise<SearchResponse> {
  const response = await fetch(`${url}/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return SearchResponse.parse(await response.json());
}

const request = { query: 'red', include_explanation: true };

describe('the edge with a language model', () => {
  it('explains, says what it cost, and counts it', async () => {
    model.behave(says('They are red.', { usage: { input: 300, output: 20 } }));
    const running = await open();
    const { explanation, llm, results } = await search(running, request);
    expect([explanation, results.length]).toEqual(['They are red.', 3]);
    expect(llm?.explanation).toMatchObject({ outcome: 'ok', cached: false, cost_usd: 0.00034 });
    expect((await search(running, request)).llm?.explanation).toMatchObject({
      cached: true,
      cost_usd: 0,
    });
    expect(model.asked).toHaveLength(1);
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    expect(metrics).toContain('llm_requests_total{task="explanation",outcome="ok"} 1\n');
    expect(metrics).toContain('llm_requests_total{task="explanation",outcome="cached"} 1\n');
    expect(metrics).toContain('llm_cost_usd_total{task="explanation"} 0.00034\n');
    expect(metrics).toContain('llm_quota_used{task="explanation"} 1\n');
  });

  it('has its results all the same when the model never answers', async () => {
    const running = await open(shortMs);
    const plain = await search(running, { query: 'red' });
    model.behave(neverAnswers);
    const { results, explanation, llm } = await search(running, request);
    expect(results).toEqual(plain.results);
    expect([explanation, llm?.explanation?.outcome]).toEqual([null, 'timeout']);
    await until(() => model.left() === model.asked.length);
  });

  it('shows its results at once to whoever reads a stream, and the end at the deadline', async () => {
    const running = await open(shortMs);
    await search(running, { query: 'red' });
    model.behave(saysForEver('', 50));
    const events = await readEvents(running.url, { body: request });
    expect(await events.nextValue()).toMatchObject(['results', { total: 3, explanation: null }]);
    expect(await events.nextValue()).toMatchObject([
      'done',
      { explanation: null, llm: { explanation: { outcome: 'timeout' } } },
    ]);
    expect(await events.nextValue()).toBeUndefined();
    await until(() => model.left() === model.asked.length);
  });

  it('never says its key, though the endpoint does', async () => {
    const body = { error: { message: `Incorrect API key provided: ${apiKey}` } };
    model.behave(refuses(401, { body, headers: { 'x-key': apiKey } }));
    const running = await open();
    const answer = await search(running, request);
    expect(answer.llm?.explanation?.outcome).toBe('unavailable');
    await until(() => running.output().includes('its endpoint refuses: 401'));
    expect(running.output()).toContain('Incorrect API key provided');
    expect(running.output() + JSON.stringify(answer)).not.toContain(apiKey);
  });
});

describe('the bundled handler with a language model', () => {
  it('explains, with the package of OpenAI that it loads then, and no node_modules', async () => {
    const directory = await temporaryDirectory();
    const { code, stdout } = await runScript('bundle', ['--out', directory]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^openai\.mjs .*, when needed/m);
    model.behave(says('They are red.'));
    const lambda = await startLambda(join(directory, 'lambda.mjs'), {
      cwd: directory,
      env: {
        SERVICE_URL: service.url,
        SERVICE_SECRET: secret,
        API_KEYS_REQUIRED: 'false',
        LLM_ENABLED: 'true',
        LLM_TIMEOUT_MS: '20000',
        OPENAI_BASE_URL: model.url,
      },
    });
    try {
      const { body } = await lambda.invoke(
        lambdaEvents['function URL']({
          method: 'POST',
          path: '/search',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(request),
        }),
      );
      expect(JSON.parse(body)).toMatchObject({ total: 3, explanation: 'They are red.' });
    } finally {
      await lambda.stop();
    }
  });
});
