import { setTimeout as sleep } from 'node:timers/promises';
import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { VectorStore } from '../core/ports.ts';
import { expectFailure, expectOk } from './support/expect-ok.ts';
import {
  all,
  codesOf,
  manyPoints,
  openQdrant,
  reads,
  tryAll,
  writes,
} from './support/qdrant-operations.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.ts';

// The adapter, asked while Qdrant fails in every way that a test can bring about. One store lives
// through all of it.

const timeoutMs = 1000;
const points = manyPoints(20);
const [first] = points as [(typeof points)[number]];
const everything = [...reads, ...writes];

let qdrant: RunningQdrant;
let proxy: TcpProxy;
let store: VectorStore;

beforeAll(async () => {
  qdrant = await startQdrant();
  proxy = await startTcpProxy(qdrant.port);
  store = expectOk(await openQdrant(qdrant.port, { timeoutMs }));
  expectOk(await store.upsert(points));
});

afterEach(async () => {
  qdrant.faults.restoreCollections();
  await qdrant.faults.heal();
  proxy.set({ kind: 'pass' });
  await expectRecovery(store);
});

afterAll(async () => {
  await store.close();
  await proxy.close();
  await qdrant.stop();
});

/** Without a restart, and with all that was there. */
async function expectRecovery(recovering: VectorStore): Promise<void> {
  const codes = async () => codesOf(await tryAll(recovering, first, everything));
  await expect.poll(codes, { timeout: 10_000 }).toEqual(all(everything, 'ok'));
  expect(expectOk(await recovering.count())).toBe(points.length);
}

describe('a Qdrant that fails', () => {
  it.each([
    ['is down', (faults) => faults.refuse(), 'store_unavailable'],
    ['takes calls and never answers', (faults) => faults.hang(), 'timeout'],
    ['is slower than the deadline', (faults) => faults.delay(60_000), 'timeout'],
    ['has lost its collection', (faults) => faults.dropCollection('images'), 'collection_missing'],
    ['limits the rate', (faults) => faults.rateLimit(7), 'overloaded'],
    [
      'takes the key no more',
      (faults) => faults.failNext(Code.Unauthenticated, 'Invalid API key or JWT', 50),
      'store_unavailable',
    ],
    ['has lost the replicas of a shard', (faults) => faults.nodeDown(0), 'store_unavailable'],
  ] as readonly [string, (faults: RunningQdrant['faults']) => unknown, string][])(
    'and %s: all calls say so within the deadline, and go on when it is over',
    async (_, fault, code) => {
      await fault(qdrant.faults);
      const tried = await within(tryAll(store, first, everything));
      expect(codesOf(tried)).toEqual(all(everything, code));
      for (const one of Object.values(tried)) {
        expect(expectFailure(one).detail).toMatch(/^Cannot .+/);
      }
    },
  );

  it.each([
    ['may only be read with this key', (faults) => faults.readOnly('key'), 'store_read_only'],
    ['has a disk that only reads', (faults) => faults.readOnly('disk'), 'store_read_only'],
    ['has no disk left', (faults) => faults.full('disk'), 'store_full'],
  ] as readonly [string, (faults: RunningQdrant['faults']) => unknown, string][])(
    'and %s: it is searched as ever, and writes say so',
    async (_, fault, code) => {
      await fault(qdrant.faults);
      expect(codesOf(await tryAll(store, first, reads))).toEqual(all(reads, 'ok'));
      expect(codesOf(await tryAll(store, first, writes))).toEqual(all(writes, code));
    },
  );

  it.each(['memory', 'quota'] as const)(
    'and has no room by its limit of %s: what makes room still works',
    async (limit) => {
      qdrant.faults.full(limit);
      const codes = codesOf(await tryAll(store, first, everything));
      expect(codes).toEqual({ ...all(everything, 'ok'), upsert: 'store_full' });
    },
  );

  it('says when to come again where Qdrant does', async () => {
    qdrant.faults.rateLimit(7);
    const limited = expectFailure(await store.query({ vector: first.vector, limit: 1 }));
    expect(limited).toMatchObject({ code: 'overloaded', retryAfterSeconds: 7 });
    qdrant.faults.rateLimit();
    const unsaid = expectFailure(await store.query({ vector: first.vector, limit: 1 }));
    expect(unsaid.code).toBe('overloaded');
    expect(unsaid.retryAfterSeconds).toBeUndefined();
  });

  it('keeps its own words from the caller, and for the log', async () => {
    qdrant.faults.failNext(Code.Internal, 'Service internal error: secret of 10.0.0.7', 9);
    const { code, detail, cause } = expectFailure(await store.count());
    expect(code).toBe('store_unavailable');
    expect(detail).not.toContain('10.0.0.7');
    expect(String(cause)).toContain('10.0.0.7');
  });

  it('sends every call its deadline, so that it stops working on it too', async () => {
    const before = qdrant.calls.length;
    await tryAll(store, first, everything);
    const timeouts = qdrant.calls.slice(before).map((call) => call.timeoutMs ?? Infinity);
    expect(timeouts.length).toBeGreaterThanOrEqual(everything.length);
    expect(Math.max(...timeouts)).toBeLessThanOrEqual(timeoutMs);
  });

  it('lets a caller go at once who does not want to wait any more', async () => {
    qdrant.faults.hang();
    const leaving = new AbortController();
    const asked = store.query({ vector: first.vector, limit: 1, signal: leaving.signal });
    leaving.abort();
    expect(expectFailure(await asked).code).toBe('cancelled');
  });
});

describe('a connection that breaks', () => {
  it('in the middle of calls is made again, and they are answered', async () => {
    qdrant.faults.delay(100);
    const before = qdrant.calls.length;
    const tried = tryAll(store, first, everything);
    await expect.poll(() => qdrant.calls.length).toBeGreaterThanOrEqual(before + 5);
    qdrant.faults.breakConnections();
    await qdrant.faults.heal();
    expect(codesOf(await within(tried))).toEqual(all(everything, 'ok'));
  });

  it('while nobody asks is made again by the next who does', async () => {
    for (let time = 0; time < 5; time++) {
      qdrant.faults.breakConnections();
      expect(codesOf(await tryAll(store, first, everything))).toEqual(all(everything, 'ok'));
    }
  });

  it('is slow, or full of nonsense, behind a proxy: no call hangs, and the next are fine', async () => {
    const proxied = expectOk(await openQdrant(proxy.port, { timeoutMs }));
    proxy.set({ kind: 'slow', delayMs: 60_000 });
    const slow = codesOf(await within(tryAll(proxied, first, reads)));
    expect(slow).toEqual(all(reads, 'timeout'));
    proxy.set({ kind: 'lie', answers: [Buffer.from('HTTP/1.1 502 Bad Gateway\r\n\r\n')] });
    const lied = codesOf(await within(tryAll(proxied, first, reads)));
    expect(Object.values(lied)).not.toContain('ok');
    expect(['store_unavailable', 'timeout']).toEqual(expect.arrayContaining(Object.values(lied)));
    proxy.set({ kind: 'pass' });
    await expectRecovery(proxied);
    await proxied.close();
  });
});

describe('a Qdrant that is not there at the start', () => {
  it('is said to be so in a sentence; when it is there the same call opens it', async () => {
    await qdrant.faults.refuse();
    const failed = expectFailure(await within(openQdrant(qdrant.port, { timeoutMs })));
    expect(failed.code).toBe('store_unavailable');
    expect(failed.detail).toContain('QDRANT_HOST');
    await qdrant.faults.accept();
    const opened = expectOk(await openQdrant(qdrant.port, { timeoutMs }));
    expect(expectOk(await opened.count())).toBe(points.length);
    await opened.close();
  });

  it('or does not answer, or wants another key', async () => {
    qdrant.faults.hang();
    const hung = expectFailure(await within(openQdrant(qdrant.port, { timeoutMs })));
    expect(hung.code).toBe('timeout');
    const locked = await startQdrant({ apiKey: 'right' });
    for (const apiKey of [undefined, 'wrong']) {
      const refused = expectFailure(
        await openQdrant(locked.port, apiKey === undefined ? {} : { apiKey }),
      );
      expect(refused.code).toBe('store_unavailable');
      expect(refused.detail).toContain('QDRANT_API_KEY');
    }
    await expectOk(await openQdrant(locked.port, { apiKey: 'right' })).close();
    await locked.stop();
  });
});

describe('64 searches at a time, while Qdrant goes and comes', () => {
  it('end each with the right answer or the right failure', async () => {
    const allowed = new Set(['ok', 'store_unavailable', 'timeout']);
    const stop = new AbortController();
    const seen: string[] = [];
    const searcher = async (turn: number) => {
      for (let at = turn; !stop.signal.aborted; at++) {
        const point = points[at % points.length] ?? first;
        const found = await store.query({ vector: point.vector, limit: 3 });
        if (found.ok) {
          expect(found.value[0]?.record.id).toBe(point.record.id);
          expect(found.value).toHaveLength(3);
        }
        seen.push(found.ok ? 'ok' : found.error.code);
        if (!found.ok) await sleep(5);
      }
    };
    const searchers = Array.from({ length: 64 }, (_, turn) => searcher(turn));
    const until = async (code: string) => {
      const from = seen.length;
      await expect.poll(() => seen.slice(from), { timeout: 10_000 }).toContain(code);
    };
    await until('ok');
    for (let time = 0; time < 3; time++) {
      await qdrant.faults.refuse();
      await until('store_unavailable');
      await qdrant.faults.accept();
      await until('ok');
      qdrant.faults.breakConnections();
      await until('ok');
    }
    qdrant.faults.hang('Points.Query');
    await until('timeout');
    await qdrant.faults.heal();
    await until('ok');
    stop.abort();
    await Promise.all(searchers);
    expect(new Set(seen).difference(allowed)).toEqual(new Set());
  });
});

/** Long after the deadline, and long before anybody gives up on a test. */
function within<T>(promise: Promise<T>): Promise<T> {
  const late = sleep(timeoutMs * 8, undefined, { ref: false }).then(() => {
    throw new Error('It took much longer than its deadline');
  });
  return Promise.race([promise, late]);
}
