import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { bucket, useLocalAws } from '../../test/support/local-aws.ts';
import { useTemporaryDirectories } from '../../test/support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const start = useLocalAws();

describe('the door of the local AWS', () => {
  it.each([
    ['evil.example', 403],
    ['pictures.evil.example', 403],
    ['localhost.evil.example', 403],
    ['localhost', 200],
    ['pictures.localhost', 200],
  ])('asked as %s answers %i to who says the key', async (name, status) => {
    const { aws, put } = await start();
    await put('a.png');
    const { port, hostname } = new URL(aws.client.endpoint);
    const headers = {
      host: `${name}:${port}`,
      authorization: 'AWS4-HMAC-SHA256 Credential=local-aws/',
    };
    const path = name.startsWith('pictures.') ? '/a.png' : '/pictures/a.png';
    const asked = request({ hostname, port, path, headers }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(status);
  });
});

describe('the notifications of the local bucket', () => {
  it('begin with a test event, and have the form of S3', async () => {
    const { put, received } = await start();
    const [test] = await received();
    expect(test).toMatchObject({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: bucket });
    const eTag = await put('a b/c+d ü(1).png', 'hello');
    const [event] = await received();
    expect(event).toEqual({
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          awsRegion: 'eu-central-1',
          eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          eventName: 'ObjectCreated:Put',
          userIdentity: { principalId: expect.any(String) },
          requestParameters: { sourceIPAddress: '127.0.0.1' },
          responseElements: {
            'x-amz-request-id': expect.stringMatching(/^[\dA-F]{16}$/),
            'x-amz-id-2': expect.any(String),
          },
          s3: {
            s3SchemaVersion: '1.0',
            configurationId: expect.any(String),
            bucket: {
              name: bucket,
              ownerIdentity: { principalId: expect.any(String) },
              arn: 'arn:aws:s3:::pictures',
            },
            object: {
              key: 'a+b/c%2Bd+%C3%BC%281%29.png',
              size: 5,
              eTag: eTag.replaceAll('"', ''),
              sequencer: expect.stringMatching(/^[\dA-F]{18}$/),
            },
          },
        },
      ],
    });
  });

  it('tell of every kind of change, and of nothing else', async () => {
    const { s3, put, received } = await start();
    await put('one');
    const source = { Bucket: bucket, CopySource: `${bucket}/one`, Key: 'two' };
    await s3.send(new CopyObjectCommand(source));
    const to = { Bucket: bucket, Key: 'three' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(to));
    const part = { ...to, UploadId, PartNumber: 1, Body: 'abc' };
    const { ETag } = await s3.send(new UploadPartCommand(part));
    const parts = { Parts: [{ PartNumber: 1, ETag }] };
    await s3.send(new CompleteMultipartUploadCommand({ ...to, UploadId, MultipartUpload: parts }));
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'one' }));
    const Objects = [{ Key: 'two' }, { Key: 'a\nb & <c>' }, { Key: '.picture-search/x' }];
    await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    await put('.picture-search/thumbnails/1.webp');
    const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'three' }));
    expect(await got.Body?.transformToString()).toBe('abc');
    await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'one' })).catch(() => undefined);
    const told = (await received()).slice(1).map((event) => {
      const [record] = event['Records'] as { eventName: string; s3: { object: { key: string } } }[];
      return [record?.eventName, record?.s3.object.key];
    });
    expect(told).toEqual([
      ['ObjectCreated:Put', 'one'],
      ['ObjectCreated:Copy', 'two'],
      ['ObjectCreated:CompleteMultipartUpload', 'three'],
      ['ObjectRemoved:Delete', 'one'],
      ['ObjectRemoved:Delete', 'two'],
      ['ObjectRemoved:Delete', 'a%0Ab+%26+%3Cc%3E'],
    ]);
  });

  it('order the changes of a key', async () => {
    const { put, received } = await start();
    for (let n = 0; n < 5; n += 1) await put('one', String(n));
    const sequencers = (await received()).slice(1).map((event) => {
      const [record] = event['Records'] as { s3: { object: { sequencer: string } } }[];
      return record?.s3.object.sequencer ?? '';
    });
    expect(new Set(sequencers).size).toBe(5);
    expect(sequencers).toEqual(sequencers.toSorted());
  });

  it('pass through what stands between bucket and queue', async () => {
    const { put, received } = await start({
      deliver: (body, send) => {
        send(body);
        send(body);
      },
    });
    await put('one');
    expect(await received()).toHaveLength(4);
  });
});

describe('the local bucket', () => {
  it('answers those alone who name the key', async () => {
    const { aws, s3, put } = await start();
    await put('one');
    expect((await fetch(`${aws.client.endpoint}/${bucket}/one`)).status).toBe(403);
    const post = { method: 'POST', body: '<Delete><Object><Key>one</Key></Object></Delete>' };
    expect((await fetch(`${aws.client.endpoint}/${bucket}?delete`, post)).status).toBe(403);
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(KeyCount).toBe(1);
  });

  it('takes a picture of 20 MB, and refuses tags, which would replace it', async () => {
    const { s3 } = await start();
    const Body = Buffer.alloc(20_000_000, 7);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'large', Body }));
    const tags = { Bucket: bucket, Key: 'large', Tagging: { TagSet: [] } };
    await expect(s3.send(new PutObjectTaggingCommand(tags))).rejects.toThrow('no tags');
    const kept = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'large' }));
    expect(await kept.Body?.transformToByteArray()).toHaveLength(20_000_000);
  });

  it('lists every key once, in the order of their bytes, page by page', async () => {
    const { s3, put } = await start();
    const keys = [
      'a',
      'B',
      'c',
      '_',
      'Z',
      'é',
      'z',
      '-',
      'a-b',
      'a_b',
      'ab',
      '\u{1F600}',
      '\uFB00',
    ];
    for (const key of keys) await put(key);
    const listed: string[] = [];
    let token: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 2, ContinuationToken: token }),
      );
      listed.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(listed).toEqual(inOrder);
  });

  it('keeps objects, metadata and messages across a restart', async () => {
    const directory = await temporaryDirectory();
    const before = await start({ directory });
    await before.put('one', 'hello', { category: 'cats' });
    await before.put('../two', 'hello');
    await before.stop();
    const after = await start({ directory });
    const kept = await after.s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'one' }));
    expect(kept.Metadata).toEqual({ category: 'cats' });
    expect(await kept.Body?.transformToString()).toBe('hello');
    expect(await after.received()).toHaveLength(3);
  });
});
