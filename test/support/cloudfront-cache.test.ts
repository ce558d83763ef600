import { describe, expect, it } from 'vitest';
import { encodingOf, hasTag, lifeSeconds, matchesPattern } from './cloudfront-cache.ts';
import type { CacheRules } from './cloudfront-template.ts';

const cache: CacheRules = {
  minSeconds: 0,
  defaultSeconds: 0,
  maxSeconds: 10,
  headers: [],
  queryStrings: true,
  encodings: ['br', 'gzip'],
};
const usual = { errorSeconds: new Map<number, number>() };
const none = { errorSeconds: new Map([404, 503].map((status) => [status, 0])) };

describe('what stands for CloudFront', () => {
  it.each([
    [200, 'public, max-age=0, s-maxage=5', 5],
    [200, 'max-age=7', 7],
    [200, 's-maxage=60', 10],
    [200, 'private, max-age=5', 0],
    [200, 'no-store, s-maxage=5', 0],
    [200, undefined, 0],
    [401, undefined, 0],
    [429, 'no-store', 0],
    [422, 'no-store', 0],
    [404, 'no-store', 10],
    [503, 'no-store', 10],
    [415, 's-maxage=5', 5],
    [415, 'no-store', 0],
  ])('keeps a %i that says %s for %i seconds', (status, said, seconds) => {
    expect(lifeSeconds(cache, usual, status, said)).toBe(seconds);
  });

  it('keeps no failure where the distribution says so', () => {
    expect(lifeSeconds(cache, none, 404, 'no-store')).toBe(0);
    expect(lifeSeconds(cache, none, 503)).toBe(0);
  });

  it('keeps what nobody said anything of for as long as a policy says, and never less than it says', () => {
    const rules = { ...cache, minSeconds: 2, defaultSeconds: 5 };
    expect(lifeSeconds(rules, usual, 200)).toBe(5);
    expect(lifeSeconds(rules, usual, 200, 'no-store')).toBe(2);
  });

  it('tells compressions apart that a policy knows', () => {
    expect(encodingOf(cache, 'gzip, deflate, br;q=1.0')).toBe('br,gzip');
    expect(encodingOf(cache, 'gzip;q=0.5')).toBe('gzip');
    expect(encodingOf(cache, 'identity')).toBe('');
    expect(encodingOf(cache)).toBe('');
  });

  it('finds paths by patterns, and answers by their tags', () => {
    expect(matchesPattern('/images/*', '/images/1/similar')).toBe(true);
    expect(matchesPattern('/search', '/search')).toBe(true);
    expect(matchesPattern('/search', '/search/')).toBe(false);
    expect(matchesPattern('/openapi.json', '/openapi-json')).toBe(false);
    expect(matchesPattern(undefined, '/')).toBe(true);
    expect(hasTag('"a", W/"b"', '"b"')).toBe(true);
    expect(hasTag('*', '"b"')).toBe(true);
    expect(hasTag('"a"', '"b"')).toBe(false);
    expect(hasTag(undefined, '"b"')).toBe(false);
  });
});
