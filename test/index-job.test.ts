import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { awsEnvironment, createTestBucket, type TestBucket } from './support/bucket.ts';
import { colours, pngOf, truncated } from './support/images.ts';
import { type Finished, runScript, startProcess } from './support/processes.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const main = 'gpu-service/index-job/main.ts';

const LogLine = z.looseObject({
  level: z.number(),
  msg: z.string(),
  done: z.number().optional(),
  indexed: z.number().optional(),
  skipped: z.number().optional(),
  failed: z.number().optional(),
  reasons: z.record(z.string(), z.number()).optional(),
  manifest: z.string().nullish(),
});

const temporaryDirectory = useTemporaryDirectories();
let aws: AwsServer;
let bucket: TestBucket;
let env: Record<string, string>;
/** How pictures are answered, and how many were asked for. */
const server = { delayMs: 0, down: false, asked: 0 };

beforeAll(async () => {
  aws = await startAws(({ app }) => {
    app.addHook('onRequest', async ({ url, method }, reply) => {
      if (method !== 'GET' || !url.startsWith(`/${bucket.name}/`) || !/\.png(\?|$)/.test(url)) {
        return undefined;
      }
      server.asked += 1;
      await pause(server.delayMs);
      return server.down ? reply.code(503).send('') : undefined;
    });
  });
});

beforeEach(async () => {
  Object.assign(server, { delayMs: 0, down: false, asked: 0 });
  bucket = await createTestBucket(aws);
  env = { DATA_DIR: await temporaryDirectory(), ...awsEnvironment(aws) };
});

async function putPictures(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await bucket.put(`${n}.png`, await pngOf([n % 256, (n * 7) % 256, (n * 31) % 256]));
  }
}

function start(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  return startProcess(main, args, { ...env, ...more });
}

function linesOf({ stdout }: Pick<Finished, 'stdout'>) {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => LogLine.parse(JSON.parse(line)));
}

describe('the batch job', { timeout: 300_000 }, () => {
  it('indexes its bucket, and says so in lines of JSON', async () => {
    await bucket.put('a.png', await pngOf(colours.red));
    await bucket.put('b.png', truncated(await pngOf(colours.blue, 300, 300)));
    const finished = await start([], { PICTURES_BUCKET: bucket.name }).finished;
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    const lines = linesOf(finished);
    expect(lines.map(({ msg }) => msg)).toContain('Indexing begins');
    expect(lines.at(-1)).toMatchObject({
      msg: 'Indexing is done',
      indexed: 1,
      failed: 1,
      reasons: { image_corrupt: 1 },
      manifest: expect.stringContaining(`${bucket.url}/.picture-search/manifests/`),
    });
    expect((await bucket.manifests())[0]).toHaveLength(2);
    expect(await bucket.keys('.picture-search/thumbnails/')).toHaveLength(1);
    const found = await runScript('search', ['red', '--json'], env);
    expect(found.stdout).toContain(`${bucket.url}/a.png`);
  });

  it('does its own part in an array of AWS Batch', async () => {
    await putPictures(12);
    const counts: number[] = [];
    for (const index of ['0', '1', '2']) {
      const array = { AWS_BATCH_JOB_ARRAY_INDEX: index, AWS_BATCH_JOB_ARRAY_SIZE: '3' };
      const finished = await start([bucket.url], array).finished;
      expect(finished.code).toBe(0);
      const { indexed = 0, skipped } = linesOf(finished).at(-1) ?? {};
      counts.push(indexed);
      expect(skipped).toBe(0);
    }
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(12);
    expect(await bucket.keys('.picture-search/manifests/')).toHaveLength(3);
  });

  it('finishes what is under way on SIGTERM, and its retry goes on', async () => {
    await putPictures(80);
    server.delayMs = 200;
    const first = start([bucket.url, '--batch-size', '8']);
    while (server.asked === 0 && first.process.exitCode === null) await pause(5);
    first.process.kill('SIGTERM');
    const finished = await first.finished;
    expect(finished.code).toBe(1);
    const last = linesOf(finished).at(-1);
    expect(last).toMatchObject({ msg: expect.stringContaining('goes on from here'), failed: 0 });
    const before = last?.indexed ?? 0;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(80);
    expect((await bucket.manifests())[0]).toHaveLength(before);
    server.delayMs = 0;
    const retry = await start([bucket.url]).finished;
    expect(retry.code).toBe(0);
    expect(linesOf(retry).at(-1)).toMatchObject({ indexed: 80 - before, skipped: before });
  });

  it('ends where the bucket cannot be read any more, before everything has failed', async () => {
    await putPictures(100);
    server.down = true;
    const finished = await start([bucket.url, '--batch-size', '8']).finished;
    expect(finished.code).toBe(1);
    const last = linesOf(finished).at(-1);
    expect(last?.msg).toMatch(/^Cannot read the object as S3 says .*503/);
    expect(last?.failed).toBeGreaterThanOrEqual(32);
    expect(last?.failed).toBeLessThan(100);
  });

  it.each<[string, readonly string[], Record<string, string>, RegExp]>([
    ['no bucket', [], {}, /^Cannot index as no bucket is named/],
    ['a bucket that is not there', ['s3://nowhere-at-all'], {}, /^Cannot look into the bucket/],
    ['a setting that is none', ['s3://photos'], { API_PORT: 'x' }, /^Cannot start as .*API_PORT/],
  ])('says in one line that there is %s, and ends with 1', async (_, args, more, sentence) => {
    const finished = await start(args, more).finished;
    expect(finished.code).toBe(1);
    expect(linesOf(finished)).toHaveLength(1);
    expect(linesOf(finished)[0]?.msg).toMatch(sentence);
  });
});
