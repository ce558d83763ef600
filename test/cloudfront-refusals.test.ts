import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import {
  type CloudFrontWorld,
  createCloudFrontWorld,
  get,
  howOf,
} from './support/cloudfront-world.ts';
import { createResponse, post } from './support/search-app.ts';

let world: CloudFrontWorld;
beforeEach(() => {
  world = createCloudFrontWorld();
});

describe('what CloudFront does not keep', () => {
  it.each([
    [401, { keysRequired: true, keys: [] }, '/search?q=dog'],
    [422, {}, '/search?q=dog&top_k=many'],
    [404, {}, '/images/99'],
  ] as const)('is a %i', async (status, settings, path) => {
    const front = await world.start(settings);
    for (let count = 1; count <= 2; count += 1) {
      expect((await get(front, path)).status).toBe(status);
      expect(front.counts.behind).toBe(count);
    }
  });

  it('is a 429, which ends when it should', async () => {
    const front = await world.start({ rate: { perSecond: 0.001, burst: 1 } });
    expect(await howOf(get(front, '/search?q=cat'))).toBe('Miss');
    for (let count = 0; count < 3; count += 1) expect((await get(front)).status).toBe(429);
    expect(front.counts.behind).toBe(4);
    // What was kept needs no token.
    expect(await howOf(get(front, '/search?q=cat'))).toBe('Hit');
  });

  it.each(['overloaded', 'store_unavailable', 'timeout'] as const)(
    'is a failure: %s',
    async (code) => {
      const front = await world.start();
      const good = world.search;
      world.search = async () => err(failure(code, 'Cannot search as a test says so'));
      expect((await get(front)).status).toBeGreaterThanOrEqual(503);
      world.search = good;
      expect((await get(front)).status).toBe(200);
    },
  );

  it('is what was posted', async () => {
    const front = await world.start();
    for (let count = 1; count <= 3; count += 1) {
      const response = await fetch(`${front.url}/search`, post({ query: 'dog' }));
      expect(await response.json()).toMatchObject({ query: 'dog' });
      expect(front.counts.behind).toBe(count);
    }
  });

  it('is a stream, which comes as it is written', async () => {
    const front = await world.start();
    const headers = { accept: 'text/event-stream' };
    for (let count = 1; count <= 2; count += 1) {
      const response = await fetch(`${front.url}/search`, post({ query: 'dog' }, headers));
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      expect(await response.text()).toContain('event: done');
      expect(front.counts.behind).toBe(count);
    }
  });

  it('is an answer whose model had nothing to say this time', async () => {
    const front = await world.start();
    const nothing = { model: 'm', input_tokens: 9, output_tokens: 0, cost_usd: null };
    const explanation = { ...nothing, outcome: 'timeout', cached: false } as const;
    world.search = async ({ query }) => ok(createResponse({ query, llm: { explanation } }));
    expect(await howOf(get(front))).toBe('Miss');
    expect(await howOf(get(front))).toBe('Miss');
  });

  it('is what other paths answer', async () => {
    const front = await world.start();
    const paths = ['/health', '/livez', '/readyz', '/stats', '/metrics', '/images/1', '/docs'];
    for (const path of paths) {
      const before = front.counts.behind;
      expect(await howOf(get(front, path))).not.toBe('Hit');
      expect(await howOf(get(front, path))).not.toBe('Hit');
      expect(front.counts.behind - before).toBe(2);
    }
  });
});
