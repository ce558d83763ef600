import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { thumbnailKey } from '../core/own-keys.ts';
import {
  type AwsServer,
  startAws,
  testCredentials,
  testRegion,
} from '../test/support/aws-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { hitOf } from '../test/support/hits.ts';
import { useHttpServers } from '../test/support/http-servers.ts';
import { openThumbnails } from './open-thumbnails.ts';

const serve = useHttpServers();
const bucket = 'pictures';
const bytes = Buffer.from('a small picture');
const signal = AbortSignal.timeout(30_000);

let aws: AwsServer;
beforeAll(async () => {
  aws = await startAws();
  await aws.createBucket(bucket);
  const Key = thumbnailKey('7');
  await aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes }));
  // The SDK reads them itself.
  const environment = Object.entries({
    AWS_REGION: testRegion,
    AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: aws.url,
  });
  for (const [name, value] of environment) vi.stubEnv(name, value);
});
afterAll(() => void vi.unstubAllEnvs());

const open = (base?: string, ofBucket: string | undefined = bucket) =>
  openThumbnails({ bucket: ofBucket, base, aws: { AWS_ENDPOINT_URL_S3: aws.url } });

describe('thumbnails of the edge', () => {
  it('come from the bucket, where the indexer has put them', async () => {
    const thumbnail = expectOk((await open()?.of(hitOf('7'), signal)) ?? never());
    expect(Buffer.from(thumbnail.bytes)).toEqual(bytes);
    expect(thumbnail.type).toBe('image/webp');
  });

  it('are not there where it has put none', async () => {
    const found = (await open()?.of(hitOf('8'), signal)) ?? never();
    expect(expectFailure(found).code).toBe('not_found');
    const other = (await open(undefined, 'other')?.of(hitOf('7'), signal)) ?? never();
    expect(expectFailure(other).code).toBe('objects_unavailable');
  });

  it('come from where pictures are shown in place of it', async () => {
    const { url } = await serve((response) =>
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end('shown'),
    );
    const { metadata } = hitOf('8');
    const hit = { id: '8', metadata: { ...metadata, url: `${url}/8.jpg`, thumbnail_url: null } };
    for (const thumbnails of [open(url), openThumbnails({ base: url, aws: {} })]) {
      const found = expectOk((await thumbnails?.of(hit, signal)) ?? never());
      expect(found).toEqual({ bytes: Buffer.from('shown'), type: 'image/jpeg' });
    }
  });

  it('come from nowhere where neither is known', () => {
    expect(openThumbnails({ aws: {} })).toBeUndefined();
  });
});

function never(): never {
  throw new Error('There are no thumbnails');
}
