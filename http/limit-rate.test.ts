import { describe, expect, it } from 'vitest';
import { createApiKey } from '../core/api-keys.ts';
import type { RateLimiter } from '../core/ports.ts';
import { createKey } from '../test/support/api-keys.ts';
import { createCountingLimiter } from '../test/support/counting-limiter.ts';
import { createGuardedApp } from '../test/support/guarded-app.ts';
import { problemOf } from '../test/support/problem.ts';

const web = createKey({ id: 'web' });
const fast = createKey({ id: 'fast', rate: { perSecond: 50, burst: 100 } });
const free = createKey({ id: 'free', rate: { perSecond: 0, burst: 1 } });
const rate = { perSecond: 0.4, burst: 2 };

function createLimited(parts: { limiter: RateLimiter; rate?: typeof rate; keys?: boolean }) {
  const app = createGuardedApp({
    limiter: parts.limiter,
    rate: parts.rate ?? rate,
    addressOf: (c) => c.req.header('from') ?? '',
    keys: parts.keys === false ? undefined : [web, fast, free],
  });
  return (path: string, key?: string, from = 'here', method = 'GET') =>
    app.request(path, { method, headers: { from, ...(key && { 'x-api-key': key }) } });
}

describe('a caller', () => {
  it('learns how much is left, and when to come back', async () => {
    const ask = createLimited({ limiter: createCountingLimiter() });
    const first = await ask('/search?q=a', web.key);
    expect(first.status).toBe(200);
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'ratelimit-limit': '2',
      'ratelimit-remaining': '1',
      'ratelimit-reset': '3',
    });
    expect((await ask('/images/1', web.key)).headers.get('ratelimit-remaining')).toBe('0');
    const refused = await ask('/search?q=a', web.key);
    expect(refused.headers.get('retry-after')).toBe('3');
    expect(refused.headers.get('ratelimit-remaining')).toBe('0');
    expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'rate_limited' });
  });

  it('has a bucket of its key, at the rate of the key, wherever it calls from', async () => {
    const limiter = createCountingLimiter();
    const ask = createLimited({ limiter });
    await ask('/search?q=a', web.key, '192.0.2.1');
    await ask('/search?q=a', web.key, '192.0.2.2');
    await ask('/search?q=a', fast.key);
    expect([...limiter.taken]).toEqual([
      ['key:web', { tokens: 2, rate }],
      ['key:fast', { tokens: 1, rate: fast.rate }],
    ]);
  });

  it('has a bucket of its address where there are no keys', async () => {
    const limiter = createCountingLimiter();
    const ask = createLimited({ limiter, keys: false });
    await ask('/search?q=a', web.key, '192.0.2.1');
    expect((await ask('/search?q=a', '', '192.0.2.2')).status).toBe(200);
    expect([...limiter.taken.keys()]).toEqual(['address:192.0.2.1', 'address:192.0.2.2']);
  });

  it('pays for wrong keys with its address, and shuts out no one who has a right one', async () => {
    const ask = createLimited({ limiter: createCountingLimiter() });
    const statuses = [];
    for (const key of [createApiKey(), '', createApiKey(), createApiKey(), web.key]) {
      statuses.push((await ask('/search?q=a', key, '192.0.2.1')).status);
    }
    expect(statuses).toEqual([401, 401, 429, 429, 200]);
  });

  it('pays nothing for what costs nothing', async () => {
    const limiter = createCountingLimiter();
    const ask = createLimited({ limiter });
    for (const path of ['/health', '/docs', '/nowhere', '/livez']) {
      expect((await ask(path)).headers.has('ratelimit-limit')).toBe(false);
    }
    await ask('/search', undefined, 'here', 'OPTIONS');
    expect(limiter.taken.size).toBe(0);
  });

  it('is not limited by a rate of 0', async () => {
    const limiter = createCountingLimiter();
    const statuses = [];
    const ask = createLimited({ limiter });
    for (let n = 0; n < 5; n += 1) statuses.push((await ask('/search?q=a', free.key)).status);
    const open = createLimited({ limiter, rate: { perSecond: 0, burst: 1 }, keys: false });
    for (let n = 0; n < 5; n += 1) statuses.push((await open('/search?q=a')).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(limiter.taken.size).toBe(0);
  });

  it('passes a limiter that cannot count', async () => {
    const ask = createLimited({ limiter: { take: async () => undefined } });
    const response = await ask('/search?q=a', web.key);
    expect(response.status).toBe(200);
    expect(response.headers.has('ratelimit-limit')).toBe(false);
  });
});
