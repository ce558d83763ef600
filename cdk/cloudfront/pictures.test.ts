import { readFileSync } from 'node:fs';
import { createContext, Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { pictureUrlsBelow } from '../../http/pictures.ts';
import { imageId } from '../../core/image-id.ts';
import { createRecord } from '../../test/support/points.ts';

const code = readFileSync(new URL('pictures.js', import.meta.url), 'utf8');

const Answer = z.union([
  z.object({ statusCode: z.number(), headers: z.record(z.string(), z.unknown()) }),
  z.object({ uri: z.string(), method: z.string() }),
]);

/** What CloudFront does with a request: the path that it sends on, or the status that it answers. */
function ask(uri: string): string | number {
  const event = {
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: '203.0.113.7' },
    request: { method: 'GET', uri, querystring: {}, headers: {}, cookies: {} },
  };
  // CloudFront's engine has no `URL`, no `Buffer` and no `process`: neither has an empty context.
  const context = createContext({ event });
  const answer = Answer.parse(new Script(`${code}\nhandler(event)`).runInContext(context));
  return 'uri' in answer ? answer.uri : answer.statusCode;
}

describe('the path of a picture', () => {
  it('becomes the key in the bucket, as it was written', () => {
    expect(ask('/pictures/animals/cat.jpg')).toBe('/animals/cat.jpg');
    expect(ask('/pictures/B%C3%A4r%20%2B%20Baum.jpg')).toBe('/B%C3%A4r%20%2B%20Baum.jpg');
    expect(ask('/pictures/100%25.jpg')).toBe('/100%25.jpg');
  });

  it('may have any name that a key may have', () => {
    expect(ask('/pictures/pictures/a.jpg')).toBe('/pictures/a.jpg');
    expect(ask('/pictures/a//b.jpg')).toBe('/a//b.jpg');
    expect(ask('/pictures/..hidden/a..b.jpg')).toBe('/..hidden/a..b.jpg');
    expect(ask('/pictures/.picture-searching/a.jpg')).toBe('/.picture-searching/a.jpg');
    expect(ask('/pictures/holiday/.picture-search/a.jpg')).toBe('/holiday/.picture-search/a.jpg');
  });

  it('is what metadata.url and metadata.thumbnail_url say', () => {
    const urlsOf = pictureUrlsBelow('https://pictures.example.com/pictures/');
    const key = 'Bär, 100% + "Baum"#1?.jpg';
    const root = 's3://bucket';
    const record = createRecord(imageId(`${root}/${key}`));
    const urls = urlsOf({ ...record, origin: { root, key, version: '1' } });
    expect(ask(new URL(urls.url).pathname)).toBe(`/${encodeURIComponent(key)}`);
    expect(urls.thumbnail_url).not.toBeNull();
    expect(ask(new URL(urls.thumbnail_url ?? '').pathname)).toMatch(
      /^\/\.picture-search\/thumbnails\/\d+\.webp$/,
    );
  });
});

describe('what the index keeps beside the pictures', () => {
  it('is not shown', () => {
    expect(ask('/pictures/.picture-search/rejects/1.json')).toBe(404);
    expect(ask('/pictures/.picture-search/generation')).toBe(404);
    expect(ask('/pictures/.picture-search/')).toBe(404);
    expect(ask('/pictures/.picture-search')).toBe(404);
  });

  it('is not shown however its name is written', () => {
    expect(ask('/pictures/%2epicture-search/rejects/1.json')).toBe(404);
    expect(ask('/pictures/.picture%2Dsearch/rejects/1.json')).toBe(404);
    expect(ask('/pictures/.picture-search%2Frejects%2F1.json')).toBe(404);
    expect(ask('/pictures//.picture-search/rejects/1.json')).toBe(404);
    expect(ask('/pictures/%2F.picture-search/rejects/1.json')).toBe(404);
    expect(ask('/pictures/./.picture-search/rejects/1.json')).toBe(404);
    expect(ask('/pictures/.picture-search//rejects/1.json')).toBe(404);
    expect(ask('/pictures/a/../.picture-search/rejects/1.json')).toBe(404);
  });

  it('has thumbnails, which are shown', () => {
    const thumbnail = '/.picture-search/thumbnails/12345678901234567890.webp';
    expect(ask(`/pictures${thumbnail}`)).toBe(thumbnail);
  });

  it('has nothing but thumbnails where thumbnails are', () => {
    expect(ask('/pictures/.picture-search/thumbnails/')).toBe(404);
    expect(ask('/pictures/.picture-search/thumbnails/../rejects/1.json')).toBe(404);
    expect(ask('/pictures/.picture-search/thumbnails/%2e%2e/rejects/1.json')).toBe(404);
    expect(ask('/pictures/.picture-search/thumbnails/a.json')).toBe(404);
  });
});

describe('a path that is no picture', () => {
  it('is not the bucket, which would be listed', () => {
    expect(ask('/pictures/')).toBe(404);
    expect(ask('/pictures//')).toBe(404);
    expect(ask('/pictures/.')).toBe(404);
    expect(ask('/pictures/%2F')).toBe(404);
  });

  it('leads nowhere else', () => {
    expect(ask('/pictures/..')).toBe(404);
    expect(ask('/pictures/a/%2e%2e/b.jpg')).toBe(404);
    expect(ask('/x/../pictures/a.jpg')).toBe(404);
    expect(ask('//pictures/a.jpg')).toBe(404);
    expect(ask('/%70ictures/a.jpg')).toBe(404);
  });

  it('has no escape that means nothing', () => {
    expect(ask('/pictures/%')).toBe(404);
    expect(ask('/pictures/%ff.jpg')).toBe(404);
    expect(ask('/pictures/%c0%ae%c0%ae/a.jpg')).toBe(404);
  });
});

describe('the code', () => {
  it('is small enough for CloudFront', () => {
    expect(Buffer.byteLength(code)).toBeLessThan(10 * 1024);
  });
});
