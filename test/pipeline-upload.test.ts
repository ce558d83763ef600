import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageIdAt } from '../core/image-metadata.ts';
import { SearchResponse } from '../core/model.ts';
import { drawPicture } from './support/drawings.ts';
import { expectOk } from './support/expect-ok.ts';
import { bucket, type RunningLocalAws, useLocalAws } from './support/local-aws.ts';
import {
  startPipeline,
  type TestPipeline,
  thumbnailsIn,
  versionsInBucket,
  versionsInIndex,
} from './support/pipeline.ts';
import { post } from './support/search-app.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const startAws = useLocalAws();
const temporaryDirectory = useTemporaryDirectories();
const generousMs = 20_000;
let aws: RunningLocalAws;
let pipeline: TestPipeline;

beforeAll(async () => {
  aws = await startAws();
  pipeline = await startPipeline({ aws, directory: await temporaryDirectory() });
});

afterAll(() => pipeline.close());

async function search(query: string, category = 'all'): Promise<SearchResponse> {
  const filters = category === 'all' ? {} : { filters: { category } };
  const response = await pipeline.edge.request('/search', post({ query, ...filters }));
  expect(response.status).toBe(200);
  return SearchResponse.parse(await response.json());
}

async function found(query: string, key: string): Promise<boolean> {
  const { results } = await search(query);
  return results.some(({ metadata }) => metadata.file_path === key);
}

/** How long it took until it held. */
async function until(holds: () => Promise<boolean>): Promise<number> {
  const begunMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - begunMs > generousMs) throw new Error('It never came to be');
    await sleep(10);
  }
  return Math.round(performance.now() - begunMs);
}

describe('a picture that is uploaded', { timeout: 60_000 }, () => {
  const key = 'shapes/a red heart.png';
  const id = imageIdAt(`s3://${bucket}`, key);
  const query = 'a red heart';

  it('is searchable soon, though the same was asked and kept before', async () => {
    expect(await found(query, key)).toBe(false);
    expect((await search(query)).cached).toBe(true);
    await aws.put(key, await drawPicture('red-heart'), { author: 'me' });
    const ms = await until(() => found(query, key));
    console.log(`upload → searchable: ${ms} ms`);
    expect(await thumbnailsIn(pipeline.objects)).toEqual([id]);
    const shown = await pipeline.edge.request(`/images/${id}`);
    expect(await shown.json()).toMatchObject({
      id,
      metadata: {
        category: 'shapes',
        type: 'image/png',
        author: 'me',
        s3_key: `s3://${bucket}/${key}`,
      },
    });
  });

  it('is found by its new category soon after that alone has changed', async () => {
    const before = await pipeline.store.vectors([id]);
    await aws.put(key, await drawPicture('red-heart'), { category: 'hearts' });
    const ms = await until(async () => (await search(query, 'hearts')).total === 1);
    console.log(`other metadata → searchable: ${ms} ms`);
    expect((await search(query, 'shapes')).total).toBe(0);
    expect(await pipeline.store.vectors([id])).toEqual(before);
  });

  it('is shown as it is soon after it was overwritten', async () => {
    const versionNow = async () => expectOk(await pipeline.store.get([id]))[0]?.origin.version;
    const version = await versionNow();
    await aws.put(key, await drawPicture('blue-circle'));
    const ms = await until(async () => (await versionNow()) !== version);
    console.log(`overwritten → indexed: ${ms} ms`);
    expect(await versionsInIndex(pipeline.store)).toEqual(await versionsInBucket(pipeline.objects));
  });

  it('is gone soon after it was deleted: from search, from its page and from thumbnails', async () => {
    expect(await found(query, key)).toBe(true);
    expect((await search(query)).cached).toBe(true);
    await aws.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    const ms = await until(async () => !(await found(query, key)));
    console.log(`delete → gone: ${ms} ms`);
    expect((await pipeline.edge.request(`/images/${id}`)).status).toBe(404);
    expect(await thumbnailsIn(pipeline.objects)).toEqual([]);
  });

  it('takes nothing with it that has a name like its own', async () => {
    const keys = ['a b.png', 'a+b.png', 'a%20b.png', 'ä/ü.png', 'A B.png'];
    for (const [place, one] of keys.entries()) {
      const Body = await drawPicture(`plain-${place}`);
      await aws.s3.send(new PutObjectCommand({ Bucket: bucket, Key: one, Body }));
    }
    await until(async () => expectOk(await pipeline.store.count()) === keys.length);
    await aws.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a b.png' }));
    await until(async () => expectOk(await pipeline.store.count()) === keys.length - 1);
    expect(await versionsInIndex(pipeline.store)).toEqual(await versionsInBucket(pipeline.objects));
    expect((await thumbnailsIn(pipeline.objects)).sort()).toEqual(
      [...(await versionsInIndex(pipeline.store)).keys()].sort(),
    );
    await until(async () => (await aws.left())[0] === 0);
    expect(await aws.left()).toEqual([0, 0]);
  });
});
