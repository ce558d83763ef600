import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListFailure, ListOptions, ObjectInfo } from '../core/object-store.ts';
import type { Result } from '../core/result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { startS3 } from '../test/support/s3-server.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { openS3Inventory, type S3Inventory } from './s3-inventory.ts';

const parquetFile = join(import.meta.dirname, '../test/fixtures/s3-inventory/objects.parquet');

// As S3 writes them.
const parquetSchema =
  'message s3.inventory { required binary bucket (STRING); required binary key (STRING); optional binary version_id (STRING); optional boolean is_latest; optional boolean is_delete_marker; optional int64 size; optional int64 last_modified_date (TIMESTAMP(MILLIS,true)); optional binary e_tag (STRING); }';
const csvSchema = 'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag';

const temporaryDirectory = useTemporaryDirectories();
let s3: Awaited<ReturnType<typeof startS3>>;
let home: string;
let directory: string;
let buckets = 0;

beforeAll(async () => {
  s3 = await startS3();
});

beforeEach(async () => {
  home = `inventory-${(buckets += 1)}`;
  directory = await temporaryDirectory();
  await s3.createBucket(home);
});

async function put(key: string, Body: Uint8Array | string): Promise<void> {
  await s3.client.send(new PutObjectCommand({ Bucket: home, Key: key, Body }));
}

interface Made {
  readonly format?: string;
  readonly schema?: string;
  readonly sourceBucket?: string;
  readonly wrongMd5?: boolean;
}

/** Puts an inventory of these files there. Where its manifest is. */
async function putInventory(files: readonly Uint8Array[], made: Made = {}): Promise<string> {
  const { format = 'CSV', schema = csvSchema, sourceBucket = 'photos' } = made;
  const listed = [];
  for (const [n, file] of files.entries()) {
    const key = `photos/daily/data/${n}.${format.toLowerCase()}`;
    await put(key, file);
    const md5 = createHash('md5').update(made.wrongMd5 ? 'another' : file);
    listed.push({ key, size: file.length, MD5checksum: md5.digest('hex') });
  }
  const manifest = {
    sourceBucket,
    destinationBucket: `arn:aws:s3:::${home}`,
    version: '2016-11-30',
    creationTimestamp: '1767312000000',
    fileFormat: format,
    fileSchema: schema,
    files: listed,
  };
  await put('photos/daily/2026-01-02T00-00Z/manifest.json', JSON.stringify(manifest));
  return `s3://${home}/photos/daily/2026-01-02T00-00Z/manifest.json`;
}

function csvOf(lines: readonly (readonly string[])[]): Buffer {
  const quoted = lines.map((line) => line.map((field) => `"${field}"`).join(','));
  return gzipSync(`${quoted.join('\n')}\n`);
}

function csvRow(key: string, size: number | '', etag: string, flags = ['true', 'false']): string[] {
  const coded = encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
  return ['photos', coded, 'version', ...flags, `${size}`, '2026-01-01T00:00:00.000Z', etag];
}

function open(manifest: string, bucket = 'photos') {
  return openS3Inventory({ client: s3.client, manifest, bucket, directory });
}

async function listAll(inventory: S3Inventory, options?: ListOptions) {
  const all: Result<ObjectInfo, ListFailure>[] = [];
  for await (const item of inventory.list(options)) all.push(item);
  return all;
}

async function infosOf(manifest: string, options?: ListOptions): Promise<ObjectInfo[]> {
  const items = await listAll(expectOk(await open(manifest)), options);
  return items.map((item) => {
    if (item.ok) return item.value;
    throw new Error(item.error.failure.detail);
  });
}

const sameAsInParquet = [
  csvRow('animals/cat.jpg', 1000, '0a'),
  csvRow('animals/cat.jpg', 900, '0b', ['false', 'false']),
  csvRow('animals/a b+ü%20.png', 2000, '0c-2'),
  csvRow('gone.jpg', '', '', ['true', 'true']),
  csvRow('animals/', 0, 'd4'),
  csvRow('.picture-search/thumbnails/1.webp', 10, '0d'),
  csvRow('plants/tree.jpg', 3_000_000_000, '0e'),
];

const current = [
  { key: 'animals/cat.jpg', bytes: 1000, version: '0a' },
  { key: 'animals/a b+ü%20.png', bytes: 2000, version: '0c-2' },
  { key: 'plants/tree.jpg', bytes: 3_000_000_000, version: '0e' },
];

describe('an inventory', () => {
  it('in CSV has the current objects: no old versions, folders or files of ours', async () => {
    const files = [csvOf(sameAsInParquet.slice(0, 3)), csvOf(sameAsInParquet.slice(3))];
    const manifest = await putInventory(files);
    expect(await infosOf(manifest)).toEqual(current);
    expect(expectOk(await open(manifest)).createdAtMs).toBe(Date.UTC(2026, 0, 2));
  });

  it('in Parquet has the same', async () => {
    const made = { format: 'Parquet', schema: parquetSchema };
    const manifest = await putInventory([await readFile(parquetFile)], made);
    expect(await infosOf(manifest)).toEqual(current);
  });

  it('lists keys that begin with a prefix alone', async () => {
    const manifest = await putInventory([csvOf(sameAsInParquet)]);
    const keys = (await infosOf(manifest, { prefix: 'plants/' })).map(({ key }) => key);
    expect(keys).toEqual(['plants/tree.jpg']);
  });

  it('of current versions alone needs no columns that tell them apart', async () => {
    const rows = [['photos', 'a.jpg', '12', '0a']];
    const manifest = await putInventory([csvOf(rows)], { schema: 'Bucket, Key, Size, ETag' });
    expect(await infosOf(manifest)).toEqual([{ key: 'a.jpg', bytes: 12, version: '0a' }]);
  });

  it('leaves nothing on disk, also where its list is not read to the end', async () => {
    const rows = Array.from({ length: 5000 }, (_, n) => csvRow(`${n}.jpg`, n + 1, `${n}`));
    const inventory = expectOk(await open(await putInventory([csvOf(rows)])));
    for await (const item of inventory.list()) {
      expect(item.ok).toBe(true);
      expect(await readdir(directory)).toHaveLength(1);
      break;
    }
    expect(await readdir(directory)).toEqual([]);
    expect(await listAll(inventory)).toHaveLength(5000);
    expect(await readdir(directory)).toEqual([]);
  });

  it('names a row that says nothing, and goes on', async () => {
    const rows = [csvRow('a.jpg', '', '0a'), csvRow('b.jpg', 5, ''), csvRow('c.jpg', 5, '0c')];
    const broken = [['photos', '%E0%A4%A', 'version', 'true', 'false', '5', '', '0d'], ...rows];
    const items = await listAll(expectOk(await open(await putInventory([csvOf(broken)]))));
    expect(items.map((item) => (item.ok ? item.value.key : item.error.failure.code))).toEqual([
      'image_unreadable',
      'image_unreadable',
      'image_unreadable',
      'c.jpg',
    ]);
  });

  it('ends when its reader leaves', async () => {
    const inventory = expectOk(await open(await putInventory([csvOf(sameAsInParquet)])));
    const [item] = await listAll(inventory, { signal: AbortSignal.abort() });
    expect(item).toMatchObject({ ok: false, error: { failure: { code: 'cancelled' } } });
  });
});

describe('an inventory that cannot be used', () => {
  it.each<[string, Made, RegExp]>([
    [
      'is of another bucket',
      { sourceBucket: 'other' },
      /lists another bucket than photos \(other\)/,
    ],
    ['is ORC', { format: 'ORC' }, /its files are ORC \(have it made as CSV or Parquet\)/],
    ['lacks the ETag', { schema: 'Bucket, Key, Size' }, /lacks a column .*Size and ETag/],
  ])('says that it %s', async (_, made, sentence) => {
    const { code, detail } = expectFailure(await open(await putInventory([], made)));
    expect(code).toBe('invalid_field');
    expect(detail).toMatch(sentence);
  });

  it('says that its manifest is none, or not there', async () => {
    await put('text.json', 'hello');
    const none = expectFailure(await open(`s3://${home}/text.json`));
    expect(none.detail).toMatch(/^Cannot use the inventory as its manifest is not one/);
    const gone = expectFailure(await open(`s3://${home}/nowhere.json`));
    expect(gone.code).toBe('objects_unavailable');
    expect(gone.detail).toMatch(/^Cannot read the inventory as .*NoSuchKey.*nowhere\.json$/);
    expect(expectFailure(await open('manifest.json')).detail).toContain('it must be s3://');
  });

  it('ends where a file is not what the manifest says, before a row of it', async () => {
    const manifest = await putInventory([csvOf(sameAsInParquet)], { wrongMd5: true });
    const items = await listAll(expectOk(await open(manifest)));
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      ok: false,
      error: { failure: { code: 'objects_unavailable', detail: /not what the manifest says/ } },
    });
  });

  it('ends where a file is no gzip, and where it is no Parquet', async () => {
    const text = Buffer.from('not what it should be, and long enough to have a footer of its own');
    const parquet = { format: 'Parquet', schema: parquetSchema };
    for (const made of [{}, parquet]) {
      const items = await listAll(expectOk(await open(await putInventory([text], made))));
      expect(items).toHaveLength(1);
      expect(items[0]).toMatchObject({ error: { failure: { code: 'objects_unavailable' } } });
    }
  });
});
