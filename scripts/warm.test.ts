import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serve, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SearchQuery } from '../core/model.ts';
import { runScript } from '../test/support/processes.ts';
import { createResponse } from '../test/support/search-app.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';

const newDirectory = useTemporaryDirectories();
let server: ServerType;
let url: string;
let asked: SearchQuery[];
/** What X-Cache says of the first time; null for a server without a cache. */
let firstTime: 'miss' | 'bypass' | null;
/** How often it is too busy before it answers again. */
let busy: number;

beforeEach(async () => {
  [asked, firstTime, busy] = [[], 'miss', 0];
  const known = new Set<string>();
  const app = new Hono();
  app.post('/search', async (c) => {
    if (busy > 0) {
      busy -= 1;
      return c.json({ code: 'overloaded', detail: 'Cannot' }, 503, { 'Retry-After': '1' });
    }
    const query = SearchQuery.parse(await c.req.json());
    asked.push(query);
    if (query.query === 'broken') return c.json({ code: 'timeout', detail: 'Too long' }, 504);
    const state = known.has(query.query) ? 'hit' : firstTime;
    known.add(query.query);
    if (state !== null) c.header('X-Cache', state);
    return c.json(createResponse());
  });
  url = await new Promise((resolve) => {
    server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}`),
    );
  });
});

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

async function warm(content: string, ...more: readonly string[]) {
  const file = join(await newDirectory(), 'queries.txt');
  await writeFile(file, content);
  return runScript('warm', [file, '--url', url, ...more]);
}

describe('npm run warm', () => {
  it('asks every query of a file once, as it is written there', async () => {
    const lines = ['# often', '', 'a dog\r', '{"query": "a cat", "top_k": 3}', '  red  ', 'a dog'];
    const { code, stdout } = await warm(lines.join('\n'), '--top-k', '24', '--concurrency', '1');
    expect(stdout).toBe('3 put into the cache, 1 were there already, 0 failed.\n');
    expect(code).toBe(0);
    expect(asked.map(({ query, top_k }) => [query, top_k])).toEqual([
      ['a dog', 24],
      ['a cat', 3],
      ['red', 24],
      ['a dog', 24],
    ]);
  });

  it('waits for a server that is too busy', async () => {
    busy = 3;
    const { code, stdout } = await warm('a dog\na cat\n');
    expect(stdout).toContain('2 put into the cache, 0 were there already, 0 failed.');
    expect(code).toBe(0);
  });

  it('goes on after a failure, and says which and why', async () => {
    const { code, stdout } = await warm('a dog\nbroken\na cat\n');
    expect(stdout).toContain('2 put into the cache, 0 were there already, 1 failed.');
    expect(stdout).toContain('1 timeout: line 2: Too long');
    expect(code).toBe(1);
  });

  it.each([null, 'bypass'] as const)(
    'says that nothing is kept where X-Cache is %s',
    async (state) => {
      firstTime = state;
      const { code, stdout } = await warm('a dog\n');
      expect(stdout).toContain('0 failed, 1 not kept.');
      expect(code).toBe(1);
    },
  );

  it('says that nobody answers', async () => {
    const { code, stdout } = await warm('a dog\n', '--url', 'http://127.0.0.1:1');
    expect(stdout).toContain('1 unreachable: line 1');
    expect(code).toBe(1);
  });

  it.each([
    ['nothing but remarks', '# none\n\n', /^Cannot run as there is no query in \S+queries\.txt$/],
    [
      'a line that is too long',
      `a dog\n${'x'.repeat(513)}\n`,
      /line 2 of .*: query must have at most 512/,
    ],
    ['JSON that is none', '{"query": \n', /line 1 of .* is no query/],
    ['an unknown field', '{"query": "a", "topk": 3}', /line 1 of .*: topk is not a known field/],
  ])('refuses a file with %s before it asks for anything', async (_title, content, sentence) => {
    const { code, stderr } = await warm(content);
    expect(stderr.trim()).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(1);
    expect(asked).toEqual([]);
  });

  it('refuses a file that is not there', async () => {
    const { code, stderr } = await runScript('warm', ['nowhere.txt', '--url', url]);
    expect(stderr).toBe('Cannot run as there is no file that can be read: nowhere.txt\n');
    expect(code).toBe(1);
  });

  it('reads from standard input', async () => {
    const { stderr } = await runScript('warm', ['-', '--url', url]);
    expect(stderr).toBe('Cannot run as there is no query in -\n');
  });
});
