import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageLimits } from '../core/image-limits.ts';
import type { ObjectStore } from '../core/object-store.ts';
import { describeObjectStore } from '../test/contracts/object-store.ts';
import { type AwsServer, startAws } from '../test/support/aws-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createS3Objects } from './s3-objects.ts';

let aws: AwsServer;
let buckets = 0;

beforeAll(async () => {
  aws = await startAws();
});

async function createObjects(): Promise<ObjectStore> {
  const bucket = `objects-${(buckets += 1)}`;
  await aws.createBucket(bucket);
  return createS3Objects({ bucket, client: aws.s3 });
}

function bucketOf({ root }: ObjectStore): string {
  return root.slice('s3://'.length);
}

describeObjectStore('a bucket', {
  kind: 'bucket',
  create: createObjects,
  async putTooLarge(store, Key) {
    const Body = Buffer.alloc(imageLimits.bytes + 1);
    const params = { Bucket: bucketOf(store), Key, Body };
    await new Upload({ client: aws.s3, params, partSize: 10 * 2 ** 20 }).done();
  },
});

/** What people and programs call files. */
const strangeKeys = [
  'with spaces and  more.png',
  'plus+and%20percent%2B.png',
  'a&b<c>"d\'e.png',
  'ümläut/日本語/🦊.png',
  'line\nbreak.png',
  'carriage\rreturn\ttab.png',
  'bell\u0007.png',
  'line\u2028separator.png',
  '../outside.png',
  'a/../../b.png',
  './here.png',
  '/leading.png',
  'double//slash///.png',
  'question?mark#hash.png',
  'colon:semi;comma,=@$!*().png',
  'back\\slash~^`|{}[].png',
  '%zz.png',
  ' .png',
  `${'long/'.repeat(204)}.png`,
  'x'.repeat(1024),
];

describe('keys of a bucket', () => {
  it.each(strangeKeys)('goes there and back: %j', async (key) => {
    const store = await createObjects();
    expectOk(await store.put(key, Buffer.from(key)));
    expectOk(await store.put('other.png', Buffer.from('other')));
    expect(expectOk(await store.head(key))?.bytes).toBe(Buffer.byteLength(key));
    expect(Buffer.from(expectOk(await store.get(key)).bytes).toString()).toBe(key);
    const listed = await Array.fromAsync(store.list());
    expect(listed.map((item) => item.ok && item.value.key).toSorted()).toEqual(
      [key, 'other.png'].toSorted(),
    );
    const within = await Array.fromAsync(store.list({ prefix: key.slice(0, 5) }));
    expect(within.map((item) => item.ok && item.value.key)).toContain(key);
    expectOk(await store.remove([key, 'unknown.png']));
    expect(expectOk(await store.head(key))).toBeUndefined();
    expect(await Array.fromAsync(store.list())).toHaveLength(1);
  });

  it.each(['x'.repeat(1025), 'ü'.repeat(513), '\ud800.png', ''])(
    'has nothing under what can be no key: %j',
    async (key) => {
      const store = await createObjects();
      expect(expectOk(await store.head(key))).toBeUndefined();
      expect(expectFailure(await store.get(key)).code).toBe('not_found');
      expect(expectFailure(await store.put(key, Buffer.from('x'))).code).toBe('not_found');
      expectOk(await store.remove([key]));
    },
  );

  it('removes more than a thousand, among them some that XML cannot carry', async () => {
    const store = await createObjects();
    const real = ['a.png', 'bell\u0007.png', 'b.png', 'new\nline.png'];
    for (const key of [...real, 'kept.png']) expectOk(await store.put(key, Buffer.from(key)));
    const unknown = Array.from({ length: 2100 }, (_, n) => `unknown/${n}`);
    expectOk(await store.remove([...real.slice(0, 2), ...unknown, ...real.slice(2)]));
    const left = await Array.fromAsync(store.list());
    expect(left).toMatchObject([{ ok: true, value: { key: 'kept.png' } }]);
  });
});

describe('what a bucket says of an object', () => {
  it('is its metadata, in small letters and decoded', async () => {
    const store = await createObjects();
    const Metadata = {
      Category: 'animals',
      'taken-by': '=?UTF-8?B?SsO8cmdlbg==?=',
      place: '=?utf-8?q?K=C3=B6ln_am_?= =?UTF-8?Q?Rhein?=',
      odd: '=?UTF-8?B?not closed',
    };
    const at = { Bucket: bucketOf(store), Key: 'a.png' };
    await aws.s3.send(new PutObjectCommand({ ...at, Body: 'x', Metadata }));
    const metadata = {
      category: 'animals',
      'taken-by': 'Jürgen',
      place: 'Köln am Rhein',
      odd: '=?UTF-8?B?not closed',
    };
    expect(expectOk(await store.head('a.png'))?.metadata).toEqual(metadata);
    expect(expectOk(await store.get('a.png')).info.metadata).toEqual(metadata);
    const [listed] = await Array.fromAsync(store.list());
    expect(listed).toEqual({
      ok: true,
      value: { key: 'a.png', bytes: 1, version: '9dd4e461268c8034f5c8564e155c67a6' },
    });
  });

  it('has no metadata where nobody gave it any', async () => {
    const store = await createObjects();
    expectOk(await store.put('a.png', Buffer.from('x')));
    expect(expectOk(await store.head('a.png'))?.metadata).toEqual({});
  });
});

describe('a bucket that is not there', () => {
  it('is no bucket without objects', async () => {
    const store = createS3Objects({ bucket: 'nowhere', client: aws.s3 });
    expect(store.root).toBe('s3://nowhere');
    const read = expectFailure(await store.get('a.png'));
    expect(read.code).toBe('objects_unavailable');
    expect(read.detail).toMatch(
      /^Cannot read the object as S3 says NoSuchBucket.*: s3:\/\/nowhere\/a.png$/,
    );
    for (const result of [
      await store.head('a.png'),
      await store.put('a.png', Buffer.from('x')),
      await store.remove(['a.png']),
    ]) {
      expect(expectFailure(result).code).toBe('objects_unavailable');
    }
    expect(await Array.fromAsync(store.list({ prefix: 'a' }))).toMatchObject([
      { ok: false, error: { key: 'a', failure: { code: 'objects_unavailable' } } },
    ]);
  });
});
