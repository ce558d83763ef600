import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { imageId } from '../core/image-id.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { awsEnvironment, createTestBucket, type TestBucket } from './support/bucket.ts';
import { colours, pngOf, truncated } from './support/images.ts';
import { runScript, startScript } from './support/processes.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const Line = z.object({
  id: z.string(),
  path: z.string(),
  outcome: z.enum(['indexed', 'skipped', 'failed', 'removed']),
  code: z.string().optional(),
  reason: z.string().optional(),
});

const temporaryDirectory = useTemporaryDirectories();
let aws: AwsServer;
let bucket: TestBucket;
let env: Record<string, string>;
/** Of one GET of a picture. */
let delayMs = 0;
/** Of a picture. */
let answered = 0;

beforeAll(async () => {
  aws = await startAws(({ app }) => {
    app.addHook('onRequest', async ({ url, method }, reply) => {
      if (url.startsWith('/denied')) {
        const body = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
        return reply
          .code(403)
          .type('application/xml')
          .send(method === 'HEAD' ? '' : body);
      }
      if (method === 'GET' && url.startsWith(`/${bucket.name}/`) && /\.png(\?|$)/.test(url)) {
        answered += 1;
        await pause(delayMs);
      }
      return undefined;
    });
  });
});

beforeEach(async () => {
  delayMs = 0;
  answered = 0;
  bucket = await createTestBucket(aws);
  env = { DATA_DIR: await temporaryDirectory(), ...awsEnvironment(aws) };
});

function index(...options: string[]) {
  return runScript('index', [bucket.url, ...options], env);
}

async function summaryOf(...options: string[]): Promise<string> {
  const { code, stdout, stderr } = await index(...options);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function lastManifest() {
  return z.array(Line).parse((await bucket.manifests()).at(-1));
}

async function searched(query: string, ...options: string[]) {
  const { code, stdout } = await runScript('search', [query, '--json', ...options], env);
  expect(code).toBe(0);
  const Found = z.object({
    results: z.array(
      z.object({
        id: z.string(),
        metadata: z.looseObject({ file_path: z.string(), s3_key: z.string().nullable() }),
      }),
    ),
  });
  return Found.parse(JSON.parse(stdout)).results;
}

async function pathsFor(query: string, ...options: string[]): Promise<string[]> {
  return (await searched(query, ...options)).map(({ metadata }) => metadata.file_path).toSorted();
}

async function putPictures(count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, n) => `many/${n}.png`);
  for (const [n, key] of keys.entries()) {
    await bucket.put(key, await pngOf([n % 256, (n * 7) % 256, (n * 31) % 256]));
  }
  return keys;
}

describe('the index command, of a bucket', { timeout: 300_000 }, () => {
  it('indexes what is there as the functions do, and skips what it knows', async () => {
    await bucket.put('animals/red cat+ü.png', await pngOf(colours.red), { category: 'pets' });
    await bucket.put('plants/tree', await pngOf(colours.green));
    await bucket.put('plants/', '');
    expect(await summaryOf()).toContain('2 indexed, 0 skipped, 0 failed');
    const [cat] = await searched('red', '--filter', 'category=pets');
    expect(cat?.metadata.file_path).toBe('animals/red cat+ü.png');
    expect(cat?.metadata.s3_key).toBe(`${bucket.url}/animals/red cat+ü.png`);
    expect(cat?.id).toBe(imageId(`${bucket.url}/animals/red cat+ü.png`));
    const ids = (await lastManifest()).map(({ id }) => id);
    const thumbnails = await bucket.keys('.picture-search/thumbnails/');
    expect(thumbnails.toSorted()).toEqual(
      ids.map((id) => `.picture-search/thumbnails/${id}.webp`).toSorted(),
    );
    expect(await summaryOf()).toContain('0 indexed, 2 skipped, 0 failed');
    expect(await bucket.manifests()).toHaveLength(2);
  });

  it('takes what changes, and with --prune what goes', async () => {
    await bucket.put('a.png', await pngOf(colours.red));
    await bucket.put('b.png', await pngOf(colours.blue));
    await bucket.put('keep/c.png', await pngOf(colours.green));
    await summaryOf();
    await bucket.put('a.png', await pngOf(colours.yellow));
    await bucket.remove('b.png');
    await bucket.remove('keep/c.png');
    expect(await summaryOf()).toContain('1 indexed, 0 skipped, 0 failed');
    const partly = await runScript('index', [`${bucket.url}/b`, '--prune'], env);
    expect(partly.stdout).toContain('0 indexed, 0 skipped, 0 failed, 1 removed');
    expect(await bucket.keys('.picture-search/thumbnails/')).toHaveLength(2);
    expect(await summaryOf('--prune')).toContain('0 indexed, 1 skipped, 0 failed, 1 removed');
    expect(await pathsFor('anything')).toEqual(['a.png']);
    expect(await bucket.keys('.picture-search/thumbnails/')).toHaveLength(1);
  });

  it('does the part below a prefix, and takes a part out again', async () => {
    await bucket.put('a/1.png', await pngOf(colours.red));
    await bucket.put('b/2.png', await pngOf(colours.blue));
    const part = await runScript('index', [`${bucket.url}/a/`], env);
    expect(part.stdout).toContain('1 indexed, 0 skipped');
    expect(await summaryOf()).toContain('1 indexed, 1 skipped');
    const removed = await runScript('index', [`${bucket.url}/a/`, '--remove'], env);
    expect(removed.stdout).toContain(`Removed 1 pictures of ${bucket.url}`);
    expect(await pathsFor('anything')).toEqual(['b/2.png']);
    expect(await bucket.keys('a/')).toEqual(['a/1.png']);
    expect(await bucket.keys('.picture-search/thumbnails/')).toHaveLength(1);
  });

  it('names what it cannot index beside what it can', async () => {
    await bucket.put('bad/empty.png', '');
    await bucket.put('bad/text.jpg', 'a text with the name of a picture');
    await bucket.put('bad/truncated.png', truncated(await pngOf(colours.blue, 300, 300)));
    await bucket.put('bad/../up.png', '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await bucket.put('good.png', await pngOf(colours.red));
    const out = await summaryOf();
    expect(out).toContain('1 indexed, 0 skipped, 4 failed');
    const failed = (await lastManifest()).filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ code }) => code).toSorted()).toEqual([
      'image_corrupt',
      'image_empty',
      'not_an_image',
      'not_an_image',
    ]);
    expect(await bucket.keys('.picture-search/rejects/')).toHaveLength(4);
    expect(await pathsFor('red')).toEqual(['good.png']);
  });

  it('writes its manifest where it is told', async () => {
    await bucket.put('a.png', await pngOf(colours.red));
    expect(await summaryOf('--manifest', `${bucket.url}/mine.jsonl`)).toContain(
      `Every file: ${bucket.url}/mine.jsonl`,
    );
    expect(Line.parse(JSON.parse(await bucket.read('mine.jsonl')))).toMatchObject({
      path: 'a.png',
      outcome: 'indexed',
    });
  });
});

describe('shards', { timeout: 300_000 }, () => {
  it('cover a bucket exactly, each picture once', async () => {
    const keys = await putPictures(20);
    for (const shard of ['0/2', '1/2']) await summaryOf('--shard', shard);
    const paths = (await bucket.manifests()).map((lines) =>
      z
        .array(Line)
        .parse(lines)
        .map(({ path }) => path),
    );
    expect(paths).toHaveLength(2);
    expect(paths.every((some) => some.length > 0)).toBe(true);
    expect(paths.flat().toSorted()).toEqual(keys.toSorted());
  });
});

describe('an inventory', { timeout: 300_000 }, () => {
  async function putInventory(sourceBucket = bucket.name): Promise<string> {
    const file = gzipSync(
      ['a+b.png', 'gone.png', '.picture-search/x']
        .map((key) => `"${bucket.name}","${key}","100","${'0'.repeat(32)}"`)
        .join('\n'),
    );
    const home = await createTestBucket(aws);
    await home.put('data/1.csv.gz', file);
    const md5 = createHash('md5').update(file).digest('hex');
    const manifest = {
      sourceBucket,
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key, Size, ETag',
      creationTimestamp: '1767312000000',
      files: [{ key: 'data/1.csv.gz', size: file.length, MD5checksum: md5 }],
    };
    await home.put('manifest.json', JSON.stringify(manifest));
    return `${home.url}/manifest.json`;
  }

  it('is what is indexed, as it is by now', async () => {
    await bucket.put('a b.png', await pngOf(colours.red));
    await bucket.put('not-in-it.png', await pngOf(colours.blue));
    const out = await summaryOf('--inventory', await putInventory());
    expect(out).toMatch(/1 indexed, 1 skipped, 0 failed/);
    expect(await pathsFor('anything')).toEqual(['a b.png']);
  });

  it('of another bucket is refused', async () => {
    const { code, stderr } = await index('--inventory', await putInventory('another'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Cannot use the inventory as it lists another bucket than .*\n$/);
  });
});

describe('the index command, of a bucket, interrupted', { timeout: 300_000 }, () => {
  it('finishes what is under way, and goes on from there', async () => {
    const count = 120;
    await putPictures(count);
    delayMs = 150;
    const first = startScript('index', [bucket.url, '--batch-size', '8'], env);
    await first.waitFor(/Indexing \d+/);
    first.process.kill('SIGINT');
    const { code, stdout, stderr } = await first.finished;
    expect(code).toBe(130);
    expect(stderr).toContain('the same command goes on from here');
    const [, before] = /(\d+) indexed, 0 skipped, 0 failed/.exec(stdout) ?? [];
    expect(Number(before)).toBeGreaterThan(0);
    expect(Number(before)).toBeLessThan(count);
    expect(await lastManifest()).toHaveLength(Number(before));
    expect(answered).toBeLessThan(count);
    delayMs = 0;
    const rest = count - Number(before);
    expect(await summaryOf()).toContain(`${rest} indexed, ${before} skipped, 0 failed`);
  });
});

describe('a bucket that cannot be indexed', { timeout: 300_000 }, () => {
  it.each<[string, () => readonly string[], Record<string, string>, RegExp]>([
    ['is not there', () => ['s3://nowhere-at-all'], {}, /^Cannot .* s3:\/\/nowhere-at-all\n$/],
    ['is denied', () => ['s3://denied'], {}, /^Cannot .* s3:\/\/denied.*\n$/],
    [
      'is at an endpoint that is down',
      () => [bucket.url],
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
      /^Cannot .*ECONNREFUSED.*\n$/,
    ],
    ['has no name', () => ['s3://'], {}, /^Cannot tell the bucket as it must be s3:/],
    ['has no such shard', () => [bucket.url, '--shard', '4/4'], {}, /^Cannot tell the shard as/],
  ])('%s', async (_, args, more, sentence) => {
    const { code, stdout, stderr } = await runScript('index', args(), { ...env, ...more });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(sentence);
  });

  it('a folder takes no shard', async () => {
    const { code, stderr } = await runScript('index', ['.', '--shard', '0/2'], env);
    expect(code).toBe(1);
    expect(stderr).toContain('--shard is for buckets: .');
  });
});
