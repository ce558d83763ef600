import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { testCredentials, testRegion } from '../test/support/aws-server.ts';
import { useHttpServers } from '../test/support/http-servers.ts';
import { createS3Client, needsPathStyle } from './s3-client.ts';

const serve = useHttpServers();
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const at = { Bucket: 'bucket', Key: 'a.png' };

describe('a client of S3', () => {
  it('keeps its connections, and has enough of them', async () => {
    const held: (() => void)[] = [];
    const server = await serve((response) => {
      held.push(() => response.writeHead(200, { etag: '"e"' }).end('x'));
      if (held.length === 60) for (const answer of held.splice(0)) answer();
    });
    const client = createS3Client({
      endpoint: server.url,
      region: testRegion,
      credentials: testCredentials,
      pathStyle: true,
    });
    closing.push(() => client.destroy());
    for (let round = 0; round < 3; round += 1) {
      const answers = Array.from({ length: 60 }, async () => {
        const { Body } = await client.send(new GetObjectCommand(at));
        return Body?.transformToString();
      });
      expect(new Set(await Promise.all(answers))).toEqual(new Set(['x']));
    }
    expect(server.asked).toHaveLength(180);
    expect(server.connections()).toBeLessThanOrEqual(64);
  });

  it('sends nothing that a server beside AWS may not know', async () => {
    const { url, asked } = await serve((response) => response.end('x'));
    const client = createS3Client({
      endpoint: url,
      region: testRegion,
      credentials: testCredentials,
      pathStyle: true,
    });
    closing.push(() => client.destroy());
    await client.send(new PutObjectCommand({ ...at, Body: Buffer.from('bytes') }));
    await client.send(new GetObjectCommand(at));
    expect(
      asked.map(({ method, url: path, body }) => [method, path?.split('?', 1)[0], body]),
    ).toEqual([
      ['PUT', '/bucket/a.png', 'bytes'],
      ['GET', '/bucket/a.png', ''],
    ]);
    const headers = asked.flatMap((request) => Object.keys(request.headers));
    expect(headers.filter((name) => /checksum|trailer|content-encoding/.test(name))).toEqual([]);
  });

  it('takes what it is not told from its environment', async () => {
    const client = createS3Client({ region: undefined, endpoint: undefined });
    closing.push(() => client.destroy());
    expect(client.config.forcePathStyle).toBe(false);
    expect(await client.config.maxAttempts()).toBe(3);
  });
});

describe('buckets without names of their own', () => {
  it('are those of a server that the environment names', () => {
    expect(needsPathStyle({})).toBe(false);
    expect(needsPathStyle({ AWS_ENDPOINT_URL: '', AWS_ENDPOINT_URL_S3: undefined })).toBe(false);
    expect(needsPathStyle({ AWS_ENDPOINT_URL: 'http://localhost:9000' })).toBe(true);
    expect(needsPathStyle({ AWS_ENDPOINT_URL_S3: 'http://localhost:9000' })).toBe(true);
  });
});
