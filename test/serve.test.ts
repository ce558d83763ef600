import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Health } from '../http/health.ts';
import { Stats } from '../http/stats.ts';
import { SearchResponse } from '../core/model.ts';
import { runScript, type RunningScript, startScript } from './support/processes.ts';
import { post } from './support/search-app.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const firstStartMs = 300_000;

const temporaryDirectory = useTemporaryDirectories();
let dataDirectory: string;
let server: RunningScript;
let url: string;

async function serve(env: Readonly<Record<string, string>>): Promise<[RunningScript, string]> {
  const script = startScript('serve', [], env);
  const [, address = ''] = await script.waitFor(/Ready: (http:\S+)/);
  return [script, address];
}

async function search(body: Readonly<Record<string, unknown>>): Promise<SearchResponse> {
  const response = await fetch(`${url}/search`, post(body));
  expect(response.status).toBe(200);
  return SearchResponse.parse(await response.json());
}

async function namesFor(query: string, topK = 5): Promise<string[]> {
  const { results } = await search({ query, top_k: topK });
  return results.map(({ metadata }) => metadata.file_name);
}

describe('npm start on an empty index', { timeout: firstStartMs }, () => {
  beforeAll(async () => {
    dataDirectory = await temporaryDirectory();
    [server, url] = await serve({ DATA_DIR: dataDirectory, API_PORT: '0' });
  }, firstStartMs);

  afterAll(async () => {
    server.process.kill('SIGKILL');
    await server.finished;
  });

  it('indexes the demo pictures and prints an address and an example', async () => {
    expect(server.output()).toMatch(/(1[5-9]|2)\d\d\d? indexed, 0 skipped, 0 failed/);
    expect(server.output()).toContain('curl -X POST');
    const stats = Stats.parse(await (await fetch(`${url}/stats`)).json());
    expect(stats.collection.vectors_count).toBeGreaterThan(1500);
    expect(stats.collection).toMatchObject({ status: 'green', indexed: 1 });
  });

  it('answers "a dog" with dogs', async () => {
    const names = await namesFor('a dog');
    expect(names[0]).toMatch(/dog|poodle/);
    expect(names.filter((name) => /dog|poodle|wolf|fox|paw/.test(name)).length).toBeGreaterThan(2);
  });

  it.each([
    ['slice of pizza', /pizza/],
    ['a red heart', /heart/],
    ['birthday cake', /cake/],
    ['a cat', /cat/],
  ])('finds %j among the first five', async (query, expected) => {
    expect((await namesFor(query)).join(' ')).toMatch(expected);
  });

  it('filters, and finds similar pictures', async () => {
    const { results } = await search({
      query: 'a dog',
      top_k: 20,
      filters: { category: 'food-drink' },
    });
    expect(new Set(results.map(({ metadata }) => metadata.category))).toEqual(
      new Set(['food-drink']),
    );
    const [dog] = (await search({ query: 'dog face', top_k: 1 })).results;
    const response = await fetch(`${url}/images/${dog?.id}/similar?top_k=5`);
    const similar = SearchResponse.parse(await response.json());
    expect(similar.results.map(({ id }) => id)).not.toContain(dog?.id);
    expect(similar.total).toBe(5);
  });

  it('shows the page, and the pictures that it finds', async () => {
    const page = await fetch(url);
    expect(page.headers.get('content-type')).toContain('text/html');
    const [, address = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text()) ?? [];
    const script = await fetch(new URL(address, url));
    expect(script.headers.get('content-type')).toContain('text/javascript');
    const [hit] = (await search({ query: 'a dog' })).results;
    const picture = await fetch(new URL(hit?.metadata.url ?? '', url));
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect((await picture.bytes()).subarray(1, 4)).toEqual(new Uint8Array(Buffer.from('PNG')));
  });

  it('is healthy', async () => {
    const health = Health.parse(await (await fetch(`${url}/health`)).json());
    expect(health).toMatchObject({ status: 'healthy', clip_loaded: true, model: 'demo' });
  });

  it('lets the search command ask it, as it holds the index', async () => {
    const port = new URL(url).port;
    const env = { DATA_DIR: dataDirectory, API_PORT: port };
    const { code, stdout } = await runScript('search', ['a dog', '--top-k', '3', '--json'], env);
    expect(code).toBe(0);
    expect(SearchResponse.parse(JSON.parse(stdout)).total).toBe(3);
  });

  it('refuses to open the same index twice, in one sentence', async () => {
    const { code, stderr } = await runScript('serve', [], {
      DATA_DIR: dataDirectory,
      API_PORT: '0',
    });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^Cannot open .* another process/);
  });

  it('drains and closes on SIGTERM, and starts again at once', async () => {
    server.process.kill('SIGTERM');
    expect((await server.finished).code).toBe(0);
    [server, url] = await serve({ DATA_DIR: dataDirectory, API_PORT: '0' });
    expect(server.output()).not.toContain('demo pictures');
    expect(await namesFor('a dog', 1)).toHaveLength(1);
  });
});

describe('npm start that cannot', () => {
  it('names the model that is missing', async () => {
    const { code, stderr } = await runScript('serve', [], {
      DATA_DIR: await temporaryDirectory(),
      MODEL_DIR: 'models/nowhere',
    });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('models/nowhere');
  });

  it('names the variable that is wrong', async () => {
    const { code, stderr } = await runScript('serve', [], { API_PORT: 'eighty' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot start as the environment is not valid: API_PORT/);
  });
});

describe('npm start with a port that is taken', { timeout: firstStartMs }, () => {
  it('ends when the port was asked for, and takes the next when not', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => {
      blocker.once('error', () => resolve()).listen(8000, '127.0.0.1', () => resolve());
    });
    const env = { DATA_DIR: await temporaryDirectory() };
    // Anything indexed keeps the demo pictures away.
    await runScript('index', ['test/fixtures/pictures'], env);
    const asked = await runScript('serve', [], { ...env, API_PORT: '8000' });
    expect(asked.code).toBe(1);
    expect(asked.stderr).toMatch(/Cannot listen as the port is taken .*8000/);
    const [next, address] = await serve(env);
    expect(Number(new URL(address).port)).toBeGreaterThan(8000);
    expect(next.output()).toContain('Port 8000 is taken');
    next.process.kill('SIGTERM');
    expect((await next.finished).code).toBe(0);
    blocker.close();
  });
});
