import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { failure } from '../../core/failure.ts';
import { expectOk } from '../../test/support/expect-ok.ts';
import { answerJson, type Script, useHttpServers } from '../../test/support/http-servers.ts';
import { createMemoryObjects } from '../../test/support/memory-objects.ts';
import { createResponse } from '../../test/support/search-app.ts';
import { type BenchmarkFunctionParts, createBenchmarkFunction } from './app.ts';
import { createAsk } from './ask.ts';
import { BenchmarkReport } from './report.ts';

const serve = useHttpServers();
const now = () => performance.now();
const minutes = (count: number) => ({ getRemainingTimeInMillis: () => count * 60_000 });
const key = 'benchmarks/test/2030-01-01T03:00:00.000Z.json';

/** A server behind a CDN, which keeps what it was asked with GET. */
function createCachingServer(): Script {
  const known = new Set<string>();
  return (response, _, request) => {
    const timing = 'encode;dur=2, search;dur=1, total;dur=4';
    const headers = { 'server-timing': timing, 'content-type': 'application/json' };
    const isKnown = request.method === 'GET' && known.has(request.url ?? '');
    known.add(request.url ?? '');
    const word = isKnown ? 'Hit from cloudfront' : 'miss, Miss from cloudfront';
    response.writeHead(200, { ...headers, 'x-cache': word }).end(JSON.stringify(createResponse()));
  };
}

function setUp(url: string, more: Partial<BenchmarkFunctionParts> = {}) {
  const objects = createMemoryObjects({ root: 's3://reports' });
  const lines: string[] = [];
  const logged: { level: string; message: string }[] = [];
  const log = (level: string) => (_: unknown, message: string) =>
    void logged.push({ level, message });
  const { ask } = createAsk({ url, timeoutMs: 20_000, now });
  const run = createBenchmarkFunction({
    plan: {
      url,
      environment: 'test',
      requests: 30,
      concurrency: 1,
      topK: 10,
      targetP95Ms: 60_000,
    },
    ask,
    reports: objects,
    metrics: createEmfCollection({
      epochMs: () => 0,
      write: (line) => void lines.push(line),
      namespace: 'PictureSearch',
      service: 'benchmark',
      environment: 'test',
    }),
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    now,
    epochMs: () => Date.UTC(2030, 0, 1, 3),
    randomSeed: () => 2 ** 32 - 1,
    ...more,
  });
  const kept = async () => {
    const { bytes } = expectOk(await objects.get(key));
    return BenchmarkReport.parse(JSON.parse(new TextDecoder().decode(bytes)));
  };
  const metrics = () => lines.map((line): unknown => JSON.parse(line));
  return { run, objects, kept, metrics, logged };
}

const refuse = (status: number, code: string) => (response: ServerResponse) =>
  answerJson(response, { code, detail: 'Cannot answer' }, status);

describe('the benchmark function', () => {
  it('measures cold and warm apart, keeps a report, and writes metrics', async () => {
    const server = await serve(createCachingServer());
    const { run, kept, metrics, logged } = setUp(server.url);
    const report = await run({ version: '0' }, minutes(2));
    expect(await kept()).toEqual(report);
    expect(report).toMatchObject({
      version: 1,
      environment: 'test',
      url: server.url,
      started_at: '2030-01-01T03:00:00.000Z',
      finished: true,
      stopped: null,
      requests: 30,
      first_ms: expect.any(Number),
      phases: {
        cold: { cache: 'cold', method: 'POST', answers: 30, cdn: { miss: 30 }, failures: {} },
        warm: { cache: 'warm', method: 'POST', answers: 30, cdn: { miss: 30 } },
        warm_get: { cache: 'warm', method: 'GET', answers: 30, cdn: { hit: 30 }, x_cache: {} },
      },
      target: { p95_ms: 60_000, in_time: 1, missed: false },
    });
    expect(report.phases['cold']?.stages['total']).toMatchObject({ p95: 4, stdev: 0 });
    // A warm-up of five, twice the fifteen, and twice the fifteen.
    expect(server.asked).toHaveLength(30 * 3 + 5 + 30 + 30);
    const { client } = report.phases['cold']?.stages ?? {};
    expect(metrics()).toMatchObject([
      {
        service: 'benchmark',
        environment: 'test',
        cold_p50: [client?.p50],
        cold_p95: [client?.p95],
        cold_p99: [client?.p99],
        warm_p95: [expect.any(Number)],
        warm_get_p95: [expect.any(Number)],
        requests: 90,
        failures: 0,
        missed: 0,
        finished: 1,
      },
    ]);
    expect(logged).toEqual([{ level: 'info', message: 'Measured the search' }]);
  });

  it('compares the cold phase with the target, as the caller sees it', async () => {
    const server = await serve(async (response, place, request) => {
      await pause(40);
      return createCachingServer()(response, place, request);
    });
    const plan = { url: server.url, environment: 'test', requests: 5, concurrency: 5, topK: 10 };
    const { run, metrics } = setUp(server.url, { plan: { ...plan, targetP95Ms: 20 } });
    // The server's own total is 4 ms, and does not help.
    expect((await run({}, minutes(2))).target).toEqual({ p95_ms: 20, in_time: 0, missed: true });
    expect(metrics()).toMatchObject([{ missed: 1, finished: 1 }]);
  });

  it.each([
    ['unauthenticated', 1, refuse(401, 'unauthenticated')],
    ['rate_limited', 20, refuse(429, 'rate_limited')],
    ['internal', 20, refuse(500, 'internal')],
    ['unexpected', 1, (response: ServerResponse) => response.end('<html>')],
    ['unreachable', 1, (response: ServerResponse) => response.destroy()],
  ])('has a result too where every answer is %s', async (code, count, script) => {
    const server = await serve(script);
    const { run, kept, metrics, logged } = setUp(server.url);
    const report = await run({}, minutes(2));
    expect(await kept()).toEqual(report);
    expect(report).toMatchObject({
      finished: false,
      stopped: { phase: 'cold', code },
      first_ms: null,
      phases: { cold: { answers: 0, failures: { [code]: count }, stages: {} } },
      target: { in_time: 0, missed: true },
    });
    expect(Object.keys(report.phases)).toEqual(['cold']);
    const [all, byCode] = metrics() as Readonly<Record<string, unknown>>[];
    expect(all).toMatchObject({ requests: count, missed: 1, finished: 0 });
    expect(all).not.toHaveProperty('cold_p95');
    expect(byCode).toMatchObject({ failures: count, code });
    expect(logged).toMatchObject([{ level: 'warn' }]);
  });

  it('says what it had measured when its time was over', async () => {
    const server = await serve(async (response, place, request) => {
      if (place >= 47) await pause(30_000, undefined, { ref: false });
      return createCachingServer()(response, place, request);
    });
    const { run, kept, metrics } = setUp(server.url, { marginMs: 1000 });
    const report = await run({}, { getRemainingTimeInMillis: () => 4000 });
    expect(await kept()).toEqual(report);
    expect(report).toMatchObject({
      finished: false,
      stopped: { phase: 'warm', code: 'time_over' },
      phases: { cold: { answers: 30 }, warm: { answers: 0, failures: {} } },
      target: { missed: false },
    });
    expect(metrics()).toMatchObject([{ requests: 30, missed: 0, finished: 0 }]);
  });

  it('fails where its report cannot be kept, and says so', async () => {
    const server = await serve(createCachingServer());
    const before = () => failure('objects_unavailable', 'Cannot write the object');
    const { run, metrics } = setUp(server.url, { reports: createMemoryObjects({ before }) });
    await expect(run({}, minutes(2))).rejects.toThrow('Cannot write the object');
    expect(metrics()).toMatchObject([{ requests: 90, missed: 0, finished: 0 }]);
  });
});
