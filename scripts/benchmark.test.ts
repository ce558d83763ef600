import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { benchmarkQueries } from '../functions/benchmark/queries.ts';
import { runScript } from '../test/support/processes.ts';
import { createResponse } from '../test/support/search-app.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';

const newDirectory = useTemporaryDirectories();
const answer = JSON.stringify(createResponse());
let server: Server;
let url: string;
let asked: string[];
/** Every so many-th request is refused; 0 for none. */
let refuseEach: number;
let isChunked: boolean;
let delayMs: number;

beforeEach(async () => {
  [asked, refuseEach, isChunked, delayMs] = [[], 0, false, 0];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const state = asked.includes(body) ? 'hit' : 'miss';
      asked.push(body);
      if (request.headers.authorization === 'Bearer ps_bad') {
        response.writeHead(401, { 'content-type': 'application/problem+json' });
        return response.end('{"code":"unauthenticated","detail":"Cannot answer"}');
      }
      if (refuseEach > 0 && asked.length % refuseEach === 0) {
        response.writeHead(429, { 'content-type': 'application/problem+json' });
        return response.end('{"code":"rate_limited"}');
      }
      const timing = 'encode;dur=2, search;dur=1, total;dur=3.5';
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'X-Cache': state,
        'Server-Timing': timing,
        ...(isChunked ? {} : { 'Content-Length': Buffer.byteLength(answer) }),
      });
      response.write(answer.slice(0, 40));
      // So that answers arrive in pieces.
      const end = () => response.end(answer.slice(40));
      return delayMs === 0 ? setImmediate(end) : setTimeout(end, delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('npm run benchmark', () => {
  it('asks for words that were never asked before', async () => {
    const file = join(await newDirectory(), 'run.json');
    const asks = ['--url', url, '--num-requests', '60', '--concurrency', '3'];
    const args = [...asks, '--target', '60000', '--json', file];
    const { code, stdout } = await runScript('benchmark', args);
    expect(code).toBe(0);
    expect(stdout).toContain('The target is met: 100.0 % answered within 60000 ms');
    expect(stdout).toMatch(/^encode +2\.000/m);
    expect(stdout).toMatch(/^overhead +0\.500/m);
    expect(stdout).toMatch(/^60 answers, [\d.]+\/s; X-Cache: 60 miss$/m);
    expect(new Set(asked).size).toBe(asked.length);
    const run = JSON.parse(await readFile(file, 'utf8'));
    expect(run).toMatchObject({
      command: 'benchmark',
      'num-requests': 60,
      concurrency: 3,
      x_cache: { miss: 60 },
      failures: {},
    });
    expect(run.stages.total).toMatchObject({ p50: 3.5, mean: 3.5, stdev: 0 });
    expect(run.target).toEqual({ p95_ms: 60_000, in_time: 1, missed: false });
  });

  it('asks what is known already where that is wanted', async () => {
    const args = ['--url', url, '--num-requests', '40', '--cached', '--queries', '4'];
    const { stdout } = await runScript('benchmark', args);
    expect(stdout).toContain('X-Cache: 40 hit');
    expect(new Set(asked).size).toBe(4);
  });

  it('asks the fifteen queries as they are where the cache may know them', async () => {
    await runScript('benchmark', ['--url', url, '--num-requests', '30', '--cached']);
    const queries = asked.map((body) => (JSON.parse(body) as { readonly query: string }).query);
    expect(new Set(queries)).toEqual(new Set(benchmarkQueries));
    // Twice before, and twice to be measured.
    expect(queries).toHaveLength(60);
  });

  it.each([
    ['counts failures, goes on, and has missed its target', [], 1],
    ['counts failures and goes on where there is no target', ['--target', '0'], 0],
  ])('%s', async (_title, more, expected) => {
    refuseEach = 5;
    const args = ['--url', url, '--num-requests', '50', ...more];
    const { code, stdout } = await runScript('benchmark', args);
    expect(stdout).toContain('40 answers');
    expect(stdout).toContain('Failed: 10 rate_limited');
    expect(stdout.includes('The target is missed')).toBe(expected === 1);
    expect(code).toBe(expected);
  });

  it('tells by its exit code that the answers came too late', async () => {
    delayMs = 30;
    const slow = ['--url', url, '--num-requests', '20', '--target', '5'];
    const { code, stdout } = await runScript('benchmark', slow);
    expect(stdout).toContain('The target is missed: 0.0 % answered within 5 ms');
    expect(code).toBe(1);
  });

  it.each([
    ['nobody answers', ['--url', 'http://127.0.0.1:1'], /no server answers .*127\.0\.0\.1:1/],
    ['the key is wrong', ['--api-key', 'ps_bad'], /answers unauthenticated \(see --api-key\)/],
    ['the address is none', ['--url', 'localhost'], /--url is not an address/],
    ['the key is none', ['--api-key', 'ps_\nx'], /--api-key has characters/],
  ])('ends with one sentence where %s', async (_title, args, sentence) => {
    const { code, stderr } = await runScript('benchmark', ['--url', url, ...args]);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(1);
  });
});

describe('the load', () => {
  it.each([false, true])('counts every answer to its end, in chunks: %s', async (chunked) => {
    isChunked = chunked;
    const bodies = join(await newDirectory(), 'bodies.jsonl');
    await writeFile(bodies, '{"query":"a"}\n{"query":"b"}\n');
    const args = [`--url=${url}/search`, `--bodies=${bodies}`, '--connections=3', '--seconds=1'];
    const { code, stdout } = await runScript('load', args);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ broken: 0, server_ms: { p50: 3.5 } });
    expect(report.requests).toBeGreaterThan(10);
    expect(report.statuses).toEqual({ 200: report.requests });
    expect(report.x_cache).toEqual({ hit: report.requests });
    expect(new Set(asked)).toEqual(new Set(['{"query":"a"}', '{"query":"b"}']));
  });

  it('counts refusals by status', async () => {
    refuseEach = 2;
    const bodies = join(await newDirectory(), 'bodies.jsonl');
    await writeFile(bodies, '{"query":"a"}\n');
    const args = [`--url=${url}/search`, `--bodies=${bodies}`, '--connections=1', '--seconds=1'];
    const report = JSON.parse((await runScript('load', args)).stdout);
    expect(report.statuses['429']).toBeGreaterThan(1);
    expect(report.statuses['200'] + report.statuses['429']).toBe(report.requests);
  });
});
