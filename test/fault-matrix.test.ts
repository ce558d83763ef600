import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningScript } from './support/processes.ts';
import { freePort, hasRedis, type RedisServer, startRedis } from './support/redis-server.ts';
import { askTruth, p95, type Sample, startSearchLoad, type Truth } from '../scripts/search-load.ts';
import { startEdge, startService, startServiceAgain } from './support/service-process.ts';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

/** One row of the table in docs/operations.md. */
interface Row {
  readonly fault: string;
  readonly requests: number;
  readonly p95_before_ms: number;
  readonly p95_ms: number;
  readonly worst_ms: number;
  readonly failures: Readonly<Record<string, number>>;
  /** From the end of the fault to the first of many answers in a row that are as before it. */
  readonly well_after_ms: number;
}

interface Fault {
  readonly name: string;
  begin(): unknown;
  end(): unknown;
  /** Which failures a client may see of it. */
  readonly codes: readonly string[];
  /** After it, answers come from the cache again. */
  readonly cache?: boolean;
  readonly connections?: number;
  /** Longer than requests may take, where that makes a difference. */
  readonly lastsMs?: number;
  readonly edge?: () => string;
}

const temporaryDirectory = useTemporaryDirectories();
const queries = ['red', 'a green picture', 'blue', 'yellow or orange', 'grey', 'something dark'];
const timeoutMs = 2000;
const faultMs = 2000;
const secret = 'a-secret-of-services';
const rows: Row[] = [];
let redis: RedisServer;
let redisProxy: TcpProxy;
let serviceProxy: TcpProxy;
let service: RunningScript;
let servicePort: number;
let directory: string;
let serviceEnv: Record<string, string>;
let edgeUrl: string;
let slowEdgeUrl: string;
let truth: Truth;
const processes: RunningScript[] = [];

async function restartService(more: Record<string, string> = {}): Promise<void> {
  service = await startServiceAgain(directory, { ...serviceEnv, ...more });
  processes.push(service);
}

async function kill({ process: child, finished }: RunningScript): Promise<void> {
  child.kill('SIGKILL');
  await finished;
}

async function startEdgeTo(servedPort: number): Promise<string> {
  const edge = await startEdge({
    SERVICE_URL: `http://127.0.0.1:${servedPort}`,
    SERVICE_SECRET: secret,
    REDIS_ENABLED: 'true',
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(redisProxy.port),
    RATE_LIMIT_PER_SECOND: '0',
    REQUEST_TIMEOUT_MS: String(timeoutMs),
  });
  processes.push(edge);
  return edge.url;
}

const redisFaults: readonly Fault[] = [
  {
    name: 'Redis frozen',
    begin: () => redis.freeze(),
    end: () => redis.thaw(),
    codes: [],
    cache: true,
  },
  {
    name: 'Redis killed, restarted empty',
    begin: () => redis.kill(),
    end: () => redis.restart(),
    codes: [],
    cache: true,
  },
  {
    name: 'Redis slow (300 ms an answer)',
    begin: () => redisProxy.set({ kind: 'slow', delayMs: 300 }),
    end: () => redisProxy.set({ kind: 'pass' }),
    codes: [],
    cache: true,
  },
  {
    name: 'Redis lying',
    begin: () => redisProxy.set({ kind: 'lie', answers: lies }),
    end: () => redisProxy.set({ kind: 'pass' }),
    codes: [],
    cache: true,
  },
];

const serviceFaults: readonly Fault[] = [
  {
    name: 'gpu-service killed, restarted',
    begin: () => kill(service),
    end: () => restartService(),
    codes: ['search_unavailable'],
  },
  {
    name: 'gpu-service killed and restarted at once',
    begin: async () => {
      await kill(service);
      await restartService();
    },
    end: () => undefined,
    codes: ['search_unavailable'],
  },
  {
    name: 'gpu-service frozen',
    begin: () => service.process.kill('SIGSTOP'),
    end: () => service.process.kill('SIGCONT'),
    codes: ['timeout', 'search_unavailable', 'overloaded'],
    lastsMs: 5000,
  },
  {
    name: 'gpu-service slow (500 ms an answer)',
    begin: () => serviceProxy.set({ kind: 'slow', delayMs: 500 }),
    end: () => serviceProxy.set({ kind: 'pass' }),
    codes: [],
    edge: () => slowEdgeUrl,
  },
  {
    name: 'gpu-service out of places',
    begin: async () => {
      await kill(service);
      await restartService({ MAX_CONCURRENT_SEARCHES: '1' });
    },
    end: async () => {
      await kill(service);
      await restartService();
    },
    codes: ['overloaded', 'search_unavailable'],
    connections: 24,
  },
];

/** Well-formed answers to other questions, and none at all. */
const lies = [
  '*2\r\n$1\r\nx\r\n$7\r\ngarbage\r\n',
  ':42\r\n',
  '$-1\r\n',
  '+PONG\r\n',
  '\0\xff\x13\x37 nonsense\n',
].map((text) => Buffer.from(text, 'latin1'));

describe.skipIf(!hasRedis)('under load', { timeout: 150_000 }, () => {
  beforeAll(async () => {
    redis = await startRedis();
    redisProxy = await startTcpProxy(redis.port);
    servicePort = await freePort();
    serviceProxy = await startTcpProxy(servicePort);
    directory = await temporaryDirectory();
    serviceEnv = {
      API_PORT: String(servicePort),
      SERVICE_SECRET: secret,
    };
    service = await startService(directory, serviceEnv);
    processes.push(service);
    edgeUrl = await startEdgeTo(servicePort);
    slowEdgeUrl = await startEdgeTo(serviceProxy.port);
    truth = await askTruth(edgeUrl, queries);
  });

  afterAll(async () => {
    for (const script of processes) {
      script.process.kill('SIGKILL');
      script.process.kill('SIGCONT');
    }
    await redisProxy.close();
    await serviceProxy.close();
    await redis.stop();
    const to = process.env['FAULT_MATRIX_JSON'];
    if (to !== undefined)
      writeFileSync(to, `${JSON.stringify({ timeoutMs, faultMs, rows }, null, 2)}\n`);
  });

  it.each([...redisFaults, ...serviceFaults])(
    '$name: no wrong answer, no hang, no bug',
    async (fault) => {
      const load = startSearchLoad(fault.edge?.() ?? edgeUrl, truth, fault.connections ?? 8);
      await sleep(1000);
      const beganAtMs = performance.now();
      await fault.begin();
      await sleep(fault.lastsMs ?? faultMs);
      await fault.end();
      const endedAtMs = performance.now();
      const wellAtMs = await untilWell(load.samples, endedAtMs, fault.cache === true);
      await load.stop();

      const { samples } = load;
      const before = samples.filter(({ sentAtMs, tookMs }) => sentAtMs + tookMs < beganAtMs);
      const during = samples.filter(
        ({ sentAtMs, tookMs }) => sentAtMs + tookMs >= beganAtMs && sentAtMs < endedAtMs,
      );
      const failed = samples.filter(({ status }) => status !== 200);
      expect(before.length).toBeGreaterThan(10);
      expect(during.length).toBeGreaterThan(fault.name.includes('frozen') ? 0 : 10);
      expect(before.filter(({ status }) => status !== 200)).toEqual([]);
      expect(samples.filter(({ right }) => !right)).toEqual([]);
      expect(failed.filter(({ code }) => !fault.codes.includes(code))).toEqual([]);
      // The machine may be busy, but nothing may wait for what never comes.
      expect(Math.max(...samples.map(({ tookMs }) => tookMs))).toBeLessThan(2 * timeoutMs);
      rows.push({
        fault: fault.name,
        requests: samples.length,
        p95_before_ms: round(p95(before)),
        p95_ms: round(p95(during)),
        worst_ms: round(Math.max(...samples.map(({ tookMs }) => tookMs))),
        failures: countBy(failed),
        well_after_ms: round(Math.max(0, wellAtMs - endedAtMs)),
      });
    },
  );

  it('has a row for each in docs/operations.md', () => {
    const text = readFileSync(join(import.meta.dirname, '../docs/operations.md'), 'utf8');
    for (const { name } of [...redisFaults, ...serviceFaults])
      expect(text).toContain(`| ${name} |`);
  });
});

/**
 * When all was well again: after the last failure, with many good answers since, and some of them from
 * the cache. A search now and then may still go without it: the machine may be busy, and Redis late.
 */
async function untilWell(
  samples: readonly Sample[],
  fromMs: number,
  cached: boolean,
): Promise<number> {
  for (const endsAt = performance.now() + 60_000; performance.now() < endsAt; await sleep(50)) {
    const after = samples.filter(({ sentAtMs }) => sentAtMs >= fromMs);
    const good = after.slice(after.findLastIndex(({ status }) => status !== 200) + 1);
    const hit = good.find(({ cache }) => cache === 'hit');
    if (good.length < 40 || hit === undefined) continue;
    return (cached ? hit : good[0])?.sentAtMs ?? fromMs;
  }
  throw new Error(`It did not come back: ${JSON.stringify(samples.slice(-5))}`);
}

function countBy(samples: readonly Sample[]): Record<string, number> {
  const groups = Map.groupBy(samples, ({ code }) => code);
  return Object.fromEntries(Array.from(groups, ([code, group]) => [code, group.length]));
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
