import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { createSqsQueue } from '../adapters/sqs-queue.ts';
import { imageId } from '../core/image-id.ts';
import { parseObjectMessage } from '../core/object-event.ts';
import { ownPrefix, thumbnailKey } from '../core/own-keys.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { awsEnvironment, createTestBucket, type TestBucket } from './support/bucket.ts';
import { expectOk } from './support/expect-ok.ts';
import { pngOf } from './support/images.ts';
import { runScript } from './support/processes.ts';
import { startServiceAgain } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const createDirectory = useTemporaryDirectories();
let aws: AwsServer;
let bucket: TestBucket;
let env: Record<string, string>;

beforeAll(async () => {
  aws = await startAws();
});

beforeEach(async () => {
  bucket = await createTestBucket(aws);
  env = { ...awsEnvironment(aws), DATA_DIR: await createDirectory() };
});

const put = async (key: string, width: number) =>
  bucket.put(key, await pngOf([30, 180, 60], width));

/** An index of five pictures; of the bucket one is new by now, one changed, and two are gone. */
async function damage(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await put(`${n}.png`, 10 + n);
  const indexed = await runScript('index', [bucket.url], env);
  expect(indexed).toMatchObject({ code: 0 });
  expect(indexed.stdout).toContain('5 indexed');
  await put('new.png', 30);
  await put('1.png', 31);
  await bucket.remove('2.png');
  await bucket.remove('3.png');
}

async function report(...args: string[]) {
  const { code, stdout, stderr } = await runScript(
    'reconcile',
    [bucket.url, '--json', ...args],
    env,
  );
  expect(stderr).not.toContain('Cannot');
  expect(code).toBe(0);
  return JSON.parse(stdout) as unknown;
}

const differing = { pictures: 4, indexed: 5, missing: 1, stale: 1, orphans: 2, finished: true };

describe('the reconcile command', { timeout: 300_000 }, () => {
  it('counts in a dry run, and changes nothing', async () => {
    await damage();
    expect(await report('--dry-run')).toMatchObject({ ...differing, dryRun: true });
    expect(await report('--dry-run')).toMatchObject({ ...differing, dryRun: true });
    expect((await bucket.keys(`${ownPrefix}thumbnails/`)).length).toBe(5);
    const { stdout } = await runScript('reconcile', [bucket.url, '--dry-run'], env);
    expect(stdout).toBe(
      [
        `${bucket.url}: 4 pictures listed, 5 pictures in the index`,
        '  missing    1  in the bucket alone',
        '  stale      1  indexed in an older state',
        '  rejected   0  cannot be indexed: .picture-search/rejects/ says why',
        '  orphans    2  in the index alone: would be removed',
        '  leftovers  0  thumbnails and rejects of pictures that are gone: would be removed',
        `\`npm run index -- ${bucket.url}\` indexes the missing and the stale.`,
        'Nothing was changed.\n',
      ].join('\n'),
    );
  });

  it('removes orphans, and names the command for the rest where there is no queue', async () => {
    await damage();
    const { code, stdout } = await runScript('reconcile', [bucket.url], env);
    expect(code).toBe(0);
    expect(stdout).toContain('orphans    2  in the index alone: removed\n');
    expect(stdout).toContain(`\`npm run index -- ${bucket.url}\` indexes the missing`);
    const ids = ['0.png', '1.png', '4.png'].map((key) => imageId(`${bucket.url}/${key}`));
    expect(await bucket.keys(`${ownPrefix}thumbnails/`)).toEqual(ids.map(thumbnailKey).toSorted());
    expect(await runScript('index', [bucket.url], env)).toMatchObject({ code: 0 });
    expect(await report()).toMatchObject({
      pictures: 4,
      indexed: 4,
      missing: 0,
      stale: 0,
      orphans: 0,
    });
  });

  it('sends the missing and the stale to the queue', async () => {
    await damage();
    const { url } = await aws.createQueue('pictures');
    env['QUEUE_URL'] = url;
    expect(await report()).toMatchObject({ ...differing, sent: 2 });
    const queue = createSqsQueue({ url, client: aws.sqs });
    const messages = expectOk(await queue.receive({ hideSeconds: 30 }));
    const places = messages.flatMap(({ body }) => expectOk(parseObjectMessage(body)));
    expect(places.map(({ key }) => key).toSorted()).toEqual(['1.png', 'new.png']);
    expect(places[0]?.bucket).toBe(bucket.name);
  });

  it('says in one sentence what is wrong', async () => {
    const say = async (...args: string[]) => {
      const { code, stderr } = await runScript('reconcile', args, env);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^Cannot [^\n]+\n$/);
      return stderr;
    };
    expect(await say()).toContain('there must be one bucket');
    expect(await say('s3://photos/animals')).toContain('only a whole bucket');
    expect(await say('/a/folder')).toContain('must be s3://bucket');
    expect(await say(bucket.url, '--filter-mb', '0')).toContain('--filter-mb must be');
    expect(await say(bucket.url)).toContain('as there is none of this name');
    await damage();
    const service = await startServiceAgain(env['DATA_DIR'] ?? '');
    expect(await say(bucket.url)).toContain('is npm start running?');
    await service.stop();
    const { code, stderr } = await runScript('reconcile', ['s3://not-there'], env);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot list .*s3:\/\/not-there/);
    expect((await createS3Objects({ bucket: bucket.name, client: aws.s3 }).head('0.png')).ok).toBe(
      true,
    );
  });
});
