import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../../test/support/expect-ok.ts';
import { manifestKey } from './manifest-place.ts';
import { readIndexJob } from './settings.ts';

describe('what the batch job is to do', () => {
  it('is in its environment', () => {
    const env = {
      PICTURES_BUCKET: 'photos',
      PICTURES_PREFIX: 'a/b',
      INVENTORY: 's3://i/manifest.json',
    };
    expect(expectOk(readIndexJob([], env)).settings).toEqual({
      bucket: 'photos',
      prefix: 'a/b',
      inventory: 's3://i/manifest.json',
      shard: { index: 0, count: 1 },
      batchSize: 256,
      category: undefined,
      place: false,
      prune: false,
    });
  });

  it('is in its arguments before that', () => {
    const env = { PICTURES_BUCKET: 'photos', PICTURES_PREFIX: 'a/b', INDEX_PLACE: 'true' };
    const options = ['--shard', '3/16', '--batch-size', '512', '--category', 'cats', '--prune'];
    expect(expectOk(readIndexJob(['s3://other', ...options], env)).settings).toMatchObject({
      bucket: 'other',
      prefix: '',
      shard: { index: 3, count: 16 },
      batchSize: 512,
      category: 'cats',
      place: true,
      prune: true,
    });
  });

  it('is a part of the bucket in an array of AWS Batch', () => {
    const env = { AWS_BATCH_JOB_ARRAY_INDEX: '2', AWS_BATCH_JOB_ARRAY_SIZE: '5' };
    const { settings } = expectOk(readIndexJob(['s3://photos'], env));
    expect(settings.shard).toEqual({ index: 2, count: 5 });
    const alone = expectFailure(readIndexJob(['s3://photos'], { AWS_BATCH_JOB_ARRAY_INDEX: '2' }));
    expect(alone.detail).toContain('2/unknown');
  });

  it.each<[string[], string]>([
    [[], 'no bucket is named'],
    [['photos'], 'it must be s3://bucket'],
    [['s3://photos', 's3://more'], 'there must be one bucket'],
    [['s3://photos', '--nope'], "Unknown option '--nope'"],
    [['s3://photos', '--batch-size', '0'], '--batch-size must be a whole number'],
    [['s3://photos', '--shard', '5/5'], 'Cannot tell the shard'],
  ])('is refused where it is not clear: %j', (args, sentence) => {
    expect(expectFailure(readIndexJob(args, {})).detail).toContain(sentence);
  });
});

it('a manifest is named after the time and the shard', () => {
  const startedAt = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  expect(manifestKey(startedAt, { index: 3, count: 16 })).toBe(
    '.picture-search/manifests/2026-01-02T03-04-05Z-3-of-16.jsonl',
  );
});
