import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { withAnnouncements } from '../core/announced-generation.ts';
import { failure } from '../core/failure.ts';
import { createGeneration } from '../core/generation.ts';
import { announcementKey } from '../core/own-keys.ts';
import { err, ok } from '../core/result.ts';
import { createPublishGeneration } from '../functions/publish-generation/app.ts';
import { webChecks } from '../scripts/smoke-web.ts';
import { createKey } from './support/api-keys.ts';
import {
  cdnSeconds,
  type CloudFrontWorld,
  createCloudFrontWorld,
  get,
  howOf,
} from './support/cloudfront-world.ts';
import { createMemoryObjects } from './support/memory-objects.ts';
import { createLog, createResponse } from './support/search-app.ts';

let world: CloudFrontWorld;
beforeEach(() => {
  world = createCloudFrontWorld();
});

describe('a popular query', () => {
  it('costs nothing behind, until its time is over', async () => {
    const front = await world.start();
    const first = await get(front);
    const answer = await first.json();
    expect(first.headers.get('x-cache')).toBe('Miss from cloudfront');
    for (let count = 0; count < 50; count += 1) {
      const again = await get(front);
      expect(again.headers.get('x-cache')).toBe('Hit from cloudfront');
      expect(await again.json()).toEqual(answer);
    }
    expect(front.counts).toEqual({ asked: 51, behind: 1 });
    world.clockMs = cdnSeconds * 1000 + 1;
    for (const how of ['RefreshHit', 'Hit']) {
      const again = await get(front);
      expect(again.headers.get('x-cache')).toBe(`${how} from cloudfront`);
      expect(await again.json()).toEqual(answer);
    }
    expect(front.counts.behind).toBe(2);
  });

  it('is what the smoke test looks for', async () => {
    const { url } = await world.start();
    const asked = { base: new URL(url), apiKey: undefined, corsOrigin: undefined, timeoutMs: 5000 };
    const look = webChecks.find(({ name }) => name === 'a second GET comes from the cache')?.look;
    expect(await look?.(asked)).toEqual({
      state: 'ok',
      says: 'Miss from cloudfront, then Hit from cloudfront',
    });
  });

  it('costs one search for all who ask at the same time', async () => {
    const front = await world.start();
    await Promise.all(Array.from({ length: 20 }, () => howOf(get(front))));
    expect(front.counts.behind).toBe(1);
  });

  it('is the same in any order of its parameters, and with repeated ones', async () => {
    const front = await world.start();
    const one = '/search?q=dog&top_k=5&filter.license=cc0&filter.license=mit';
    const other = '/search?filter.license=cc0&top_k=5&filter.license=mit&q=dog';
    const answer = await (await get(front, one)).json();
    const again = await get(front, other);
    expect(again.headers.get('x-cache')).toBe('Hit from cloudfront');
    expect(await again.json()).toEqual(answer);
  });

  it('is another with other parameters, and each is understood as it was written', async () => {
    const front = await world.start();
    const seen: unknown[] = [];
    world.search = async ({ query, filters }) => {
      seen.push([query, filters]);
      return ok(createResponse({ query }));
    };
    const paths = [
      '/search?q=a%26b%3Dc',
      '/search?q=a+b',
      '/search?q=a%20b%2B',
      '/search?q=%E2%98%95',
      '/search?q=d&filter.a=b%3Dc',
      '/search?filter.license=mit&filter.license=cc0&q=d',
      '/search?q=d&filter.license=cc0',
    ];
    for (const path of paths) expect(await howOf(get(front, path))).toBe('Miss');
    expect(seen.map((one) => (one as unknown[])[0])).toEqual([
      'a&b=c',
      'a b',
      'a b+',
      '☕',
      'd',
      'd',
      'd',
    ]);
  });

  it('loses no parameter by the way, whatever its name is', async () => {
    const front = await world.start();
    for (const name of ['__proto__', 'constructor', '1', '']) {
      const refused = await get(front, `/search?q=dog&${name}=1`);
      expect(refused.status).toBe(422);
      expect(JSON.stringify(await refused.json())).toContain(JSON.stringify(name).slice(1, -1));
    }
  });

  it('is known to a viewer who names its tag', async () => {
    const front = await world.start();
    const etag = (await get(front)).headers.get('etag') ?? '';
    const again = await get(front, '/search?q=dog', { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(front.counts.behind).toBe(1);
  });

  it('is given from what is at hand while the edge fails', async () => {
    const front = await world.start();
    await howOf(get(front));
    world.search = async () => err(failure('store_unavailable', 'Cannot search as it is down'));
    world.clockMs = cdnSeconds * 1000 + 1;
    expect((await get(front)).status).toBe(200);
    expect((await get(front, '/search?q=cat')).status).toBe(503);
  });
});

describe('a new generation', () => {
  it('makes every query a miss at once', async () => {
    const front = await world.start();
    await howOf(get(front));
    world.keys.set('generation', 'g2');
    expect(await howOf(get(front))).toBe('Miss');
    expect(await howOf(get(front))).toBe('Hit');
  });

  it('comes from the end of the one in the cache, by the bucket and the function', async () => {
    const front = await world.start();
    await howOf(get(front));
    const publish = createPublishGeneration({
      generations: {
        async put(key, value) {
          world.keys.set(key, value);
          return ok(undefined);
        },
      },
      metrics: { add: () => {}, count: () => {}, flush: () => {} },
      logger: createLog(),
      epochMs: () => Date.parse('2026-05-04T03:02:01Z') + world.clockMs,
      wait: async (ms) => void (world.clockMs += ms),
    });
    const events: Promise<void>[] = [];
    const objects = createMemoryObjects({
      after: ({ keys: [key = ''] }) =>
        void events.push(publish({ time: '2026-05-04T03:02:01Z', detail: { object: { key } } })),
    });
    const cache = createMemoryCache({ now: () => world.clockMs });
    const generation = withAnnouncements(createGeneration(cache, 'images'), {
      cache,
      index: 'images',
      objects,
      logger: createLog(),
    });
    expect(await generation.endSoon()).toBe(true);
    await Promise.all(events);
    expect(objects.keys()).toEqual([announcementKey]);
    expect(world.clockMs).toBeLessThan(cdnSeconds * 1000);
    expect(await howOf(get(front))).toBe('Miss');
  });

  it('cannot be chosen by who asks', async () => {
    const front = await world.start();
    await howOf(get(front));
    const forged = { 'x-index-generation': 'other', 'x-answer-as': 'other' };
    expect(await howOf(get(front, '/search?q=dog', forged))).toBe('Hit');
  });

  it('that nobody knows lets answers be kept for a second, and holders of keys none', async () => {
    const { key, ...entry } = createKey();
    const front = await world.start({ keys: [entry] });
    world.keys.clear();
    expect(await howOf(get(front))).toBe('Miss');
    expect(await howOf(get(front))).toBe('Hit');
    world.clockMs = 1001;
    expect(await howOf(get(front))).toBe('RefreshHit');
    const headers = { 'x-api-key': key };
    expect(await howOf(get(front, '/search?q=dog', headers))).toBe('Miss');
    expect(await howOf(get(front, '/search?q=dog', headers))).toBe('Miss');
  });
});

describe('an API key', () => {
  it('shares nothing with another one, nor with who has none', async () => {
    const [{ key: one, ...first }, { key: other, ...second }] = [createKey(), createKey()];
    const front = await world.start({ keys: [first, second], keysRequired: true });
    const asked: Record<string, string>[] = [
      { 'x-api-key': one },
      { 'x-api-key': other },
      { authorization: `Bearer ${one}` },
    ];
    for (const headers of asked) {
      expect(await howOf(get(front, '/search?q=dog', headers))).toBe('Miss');
      expect(await howOf(get(front, '/search?q=dog', headers))).toBe('Hit');
    }
    const refused = await get(front);
    expect(refused.status).toBe(401);
    const forged = await get(front, '/search?q=dog', { 'x-api-key': `${one.slice(0, -1)}!` });
    expect(forged.status).toBe(401);
    expect(world.searched).toHaveLength(3);
  });

  it('lets no cache but CloudFront keep its answer, be it a hit or not', async () => {
    const { key, ...entry } = createKey();
    const front = await world.start({
      keys: [entry],
      keysRequired: true,
      rate: { perSecond: 9, burst: 9 },
    });
    for (const how of ['Miss', 'Hit']) {
      const { headers } = await get(front, '/search?q=dog', { 'x-api-key': key });
      expect(headers.get('x-cache')).toBe(`${how} from cloudfront`);
      expect(headers.get('cache-control')).toBe('private, max-age=0');
      // They would be of the request that was answered first.
      expect(headers.get('ratelimit-remaining')).toBeNull();
    }
  });

  it('has its answers by the origin of the page that asks', async () => {
    const corsOrigins = ['https://a.example', 'https://b.example'];
    const front = await world.start({ corsOrigins });
    for (const origin of corsOrigins) {
      const { headers } = await get(front, '/search?q=dog', { origin });
      expect(headers.get('x-cache')).toBe('Miss from cloudfront');
      expect(headers.get('access-control-allow-origin')).toBe(origin);
    }
  });
});

describe('what is kept besides searches', () => {
  it.each(['/facets', '/images/1/similar?top_k=3'])('is %s, by the same rules', async (path) => {
    const front = await world.start();
    expect(await howOf(get(front, path))).toBe('Miss');
    expect(await howOf(get(front, path))).toBe('Hit');
    world.keys.set('generation', 'g2');
    expect(await howOf(get(front, path))).toBe('Miss');
  });
});
