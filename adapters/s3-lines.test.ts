import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { startS3 } from '../test/support/s3-server.ts';
import { createS3Lines } from './s3-lines.ts';

let s3: Awaited<ReturnType<typeof startS3>>;

beforeAll(async () => {
  s3 = await startS3();
  await s3.createBucket('photos');
});

async function read(key: string): Promise<string> {
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: 'photos', Key: key }));
  return (await Body?.transformToString()) ?? '';
}

describe('lines in a bucket', () => {
  it('are one object, once they are finished', async () => {
    const lines = createS3Lines({ client: s3.client, bucket: 'photos', key: 'runs/a.jsonl' });
    await lines.add([{ n: 1 }, { n: 2 }]);
    await lines.add([]);
    await lines.add([{ text: 'ü\n' }]);
    const { KeyCount } = await s3.client.send(new ListObjectsV2Command({ Bucket: 'photos' }));
    expect(KeyCount).toBe(0);
    expectOk(await lines.finish());
    expect(lines.location).toBe('s3://photos/runs/a.jsonl');
    expect(await read('runs/a.jsonl')).toBe('{"n":1}\n{"n":2}\n{"text":"ü\\n"}\n');
  });

  it('are an empty object where there are none', async () => {
    const lines = createS3Lines({ client: s3.client, bucket: 'photos', key: 'runs/none.jsonl' });
    expectOk(await lines.finish());
    expect(await read('runs/none.jsonl')).toBe('');
  });

  it('may be more than are in memory', async () => {
    const lines = createS3Lines({ client: s3.client, bucket: 'photos', key: 'runs/many.jsonl' });
    const thousand = Array.from({ length: 1000 }, (_, n) => ({ n, text: 'x'.repeat(1000) }));
    for (let turn = 0; turn < 20; turn += 1) await lines.add(thousand);
    expectOk(await lines.finish());
    const all = (await read('runs/many.jsonl')).trimEnd().split('\n');
    expect(all).toHaveLength(20_000);
    expect(all.slice(19_000).map((line) => JSON.parse(line))).toEqual(thousand);
  });

  it('hold nobody up where they cannot be written, and say so at the end', async () => {
    const lines = createS3Lines({ client: s3.client, bucket: 'nowhere', key: 'a.jsonl' });
    const megabyte = ['x'.repeat(2 ** 20)];
    for (let turn = 0; turn < 30; turn += 1) await lines.add(megabyte);
    const { code, detail } = expectFailure(await lines.finish());
    expect(code).toBe('objects_unavailable');
    expect(detail).toMatch(/^Cannot write .* as S3 says NoSuchBucket.*: s3:\/\/nowhere\/a\.jsonl$/);
  });
});
