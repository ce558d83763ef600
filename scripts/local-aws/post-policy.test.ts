import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { describe, expect, it } from 'vitest';
import { bucket, useLocalAws } from '../../test/support/local-aws.ts';

const start = useLocalAws();

describe('the form of a presigned post to the local bucket', () => {
  const exact: NonNullable<PresignedPostOptions['Conditions']> = [
    ['content-length-range', 5, 5],
    ['eq', '$Content-Type', 'image/png'],
  ];

  async function presign(s3: S3Client, options: Partial<PresignedPostOptions> = {}) {
    const { url, fields } = await createPresignedPost(s3, {
      Bucket: bucket,
      Key: 'cats/a b.png',
      Fields: { 'Content-Type': 'image/png', 'x-amz-meta-category': 'cats' },
      Conditions: exact,
      ...options,
    });
    return { url, fields };
  }

  async function send(url: string, fields: Record<string, string>, file = 'hello', origin = '') {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob([file]), 'whatever.png');
    const headers = origin === '' ? {} : { origin };
    const response = await fetch(url, { method: 'POST', body: form, headers });
    return { response, text: await response.text() };
  }

  it('puts the file under its key, with its type and metadata, and tells of it', async () => {
    const { s3, received } = await start();
    const { url, fields } = await presign(s3);
    expect((await send(url, fields)).response.status).toBe(204);
    const kept = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'cats/a b.png' }));
    expect(kept).toMatchObject({ ContentType: 'image/png', Metadata: { category: 'cats' } });
    expect(await kept.Body?.transformToString()).toBe('hello');
    const [, event] = await received();
    expect(event).toMatchObject({
      Records: [
        { eventName: 'ObjectCreated:Post', s3: { object: { key: 'cats/a+b.png', size: 5 } } },
      ],
    });
  });

  it.each([
    ['another key', { key: 'dogs/a.png' }, 'hello', 403, 'AccessDenied'],
    ['another type', { 'Content-Type': 'text/html' }, 'hello', 403, 'AccessDenied'],
    ['other metadata', { 'x-amz-meta-category': 'dogs' }, 'hello', 403, 'AccessDenied'],
    ['a field more', { 'x-amz-meta-owner': 'me' }, 'hello', 403, 'AccessDenied'],
    ['a larger file', {}, 'hello!', 400, 'EntityTooLarge'],
    ['a smaller file', {}, 'hell', 400, 'EntityTooSmall'],
    ['another signature', { 'X-Amz-Signature': '00' }, 'hello', 403, 'SignatureDoesNotMatch'],
    ['another policy', { Policy: 'e30=' }, 'hello', 403, 'SignatureDoesNotMatch'],
  ])('is refused with %s', async (_, more, file, status, code) => {
    const { s3, received } = await start();
    const { url, fields } = await presign(s3);
    const { response, text } = await send(url, { ...fields, ...more }, file);
    expect(response.status).toBe(status);
    expect(text).toContain(`<Code>${code}</Code>`);
    expect(await received()).toHaveLength(1);
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(KeyCount).toBe(0);
  });

  it('is refused when it has expired, and without a policy', async () => {
    const { s3 } = await start();
    const { url, fields } = await presign(s3, { Expires: -1 });
    expect((await send(url, fields)).text).toContain('Policy expired');
    const bare = await send(url, { key: 'a.png' });
    expect(bare.response.status).toBe(403);
  });

  it('can be sent by a page of the origin that is named, and of no other', async () => {
    const origin = 'http://localhost:8000';
    const { s3, aws } = await start({ origins: () => [origin] });
    const { url, fields } = await presign(s3);
    const ask = (from: string) =>
      fetch(`${aws.client.endpoint}/${bucket}`, {
        method: 'OPTIONS',
        headers: { origin: from, 'access-control-request-method': 'POST' },
      });
    const allowed = await ask(origin);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
    const stranger = await ask('http://evil.example');
    expect(stranger.status).toBe(403);
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
    const sent = await send(url, fields, 'hello', origin);
    expect(sent.response.headers.get('access-control-allow-origin')).toBe(origin);
  });
});
