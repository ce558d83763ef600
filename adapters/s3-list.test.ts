import { describe, expect, it } from 'vitest';
import { says, useFaultyS3 } from '../test/support/faulty-s3.ts';
import type { Script } from '../test/support/http-servers.ts';

const faultyS3 = useFaultyS3();

describe('a list that does not come as it should', () => {
  const page = (keys: readonly string[], more: string): string =>
    `<?xml version="1.0"?><ListBucketResult>${more}${keys
      .map((key) => `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag></Contents>`)
      .join('')}</ListBucketResult>`;

  const truncated = '<IsTruncated>true</IsTruncated>';
  const next = `${truncated}<NextContinuationToken>two</NextContinuationToken>`;

  async function list(script: Script): Promise<unknown[]> {
    const { store } = await faultyS3.start(script);
    const listed = await Array.fromAsync(store.list({ prefix: 'p' }));
    return listed.map((item) => (item.ok ? item.value.key : item.error));
  }

  it('gives what came, and names what is wrong with the next page', async () => {
    const listed = await list((response, place, request) => {
      if (place > 0) says(500, 'InternalError')(response, place, request);
      else response.end(page(['a', 'b'], next));
    });
    expect(listed).toMatchObject([
      'a',
      'b',
      { key: 'p', failure: { detail: expect.stringContaining('S3 says InternalError') } },
    ]);
  });

  it.each([
    ['no token for the next page', page(['a'], truncated)],
    ['no XML', '{"Contents":[]}'],
    ['half of an XML', page(['a', 'b'], next).slice(0, 200)],
  ])('fails in place of ending early: %s', async (_, body) => {
    const listed = await list((response) => {
      response.writeHead(200, { 'content-type': 'application/xml' }).end(body);
    });
    expect(listed.at(-1)).toMatchObject({ failure: { code: 'objects_unavailable' } });
  });

  it('does not go round in circles', async () => {
    const listed = await list((response) => response.end(page(['a'], next)));
    expect(listed).toMatchObject(['a', { failure: { code: 'objects_unavailable' } }]);
  });

  it('decodes keys only where they are said to be encoded, and names one that is not', async () => {
    const encoded = await list((response) => {
      response.end(page(['a%2Bb+c', '%zz', 'd'], '<EncodingType>url</EncodingType>'));
    });
    expect(encoded).toMatchObject([
      'a+b c',
      { key: '%zz', failure: { code: 'image_unreadable' } },
      'd',
    ]);
    expect(await list((response) => response.end(page(['a%2Bb+c'], '')))).toEqual(['a%2Bb+c']);
  });

  it('asks for one page ahead, and for no more', async () => {
    const ahead = Promise.withResolvers<void>();
    const { store, asked } = await faultyS3.start((response, place) => {
      if (place === 1) ahead.resolve();
      response.end(page([`a${place}`, `b${place}`], next.replace('two', `to-${place}`)));
    });
    for await (const item of store.list()) {
      expect(item).toMatchObject({ ok: true, value: { key: 'a0' } });
      await ahead.promise;
      break;
    }
    expect(asked).toHaveLength(2);
  });
});
