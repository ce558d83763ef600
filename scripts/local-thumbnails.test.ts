import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createPictureReader } from '../adapters/picture-reader.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import { startAws } from '../test/support/aws-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { hitOf } from '../test/support/hits.ts';
import { encodeImage, quarters } from '../test/support/images.ts';
import { createRecord } from '../test/support/points.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createLocalThumbnails } from './local-thumbnails.ts';

const temporaryDirectory = useTemporaryDirectories();
const signal = AbortSignal.timeout(30_000);
const large = await encodeImage(quarters(1600, 900), 'jpeg');

/** One picture in the index, in this folder or bucket. */
async function thumbnailsOf(root: string, key: string, objectsOf = createDirectoryObjects) {
  const store = createMemoryStore({ dimensions: 1 });
  const record = { ...createRecord('7'), origin: { root, key, version: '1' } };
  expectOk(await store.upsert([{ record, vector: Float32Array.of(1) }]));
  return createLocalThumbnails({ store, objectsOf, pictures: createPictureReader() });
}

async function sizeOf(bytes: Uint8Array) {
  const { format, width, height } = await sharp(bytes).metadata();
  return { format, width, height };
}

describe('thumbnails on a person’s own machine', () => {
  it('are made from the pictures of a folder', async () => {
    const root = await temporaryDirectory();
    await writeFile(join(root, 'a.jpg'), large);
    const thumbnails = await thumbnailsOf(root, 'a.jpg');
    const { bytes, type } = expectOk(await thumbnails.of(hitOf('7'), signal));
    expect(type).toBe('image/webp');
    expect(await sizeOf(bytes)).toEqual({ format: 'webp', width: 512, height: 288 });
  });

  it('cannot be had of what is gone, damaged, or not in the index', async () => {
    const root = await temporaryDirectory();
    await writeFile(join(root, 'damaged.jpg'), 'no picture');
    const codeOf = async (key: string, id = '7') =>
      expectFailure(await (await thumbnailsOf(root, key)).of(hitOf(id), signal)).code;
    expect(await codeOf('gone.jpg')).toBe('not_found');
    expect(await codeOf('../secret.jpg')).toBe('not_found');
    expect(await codeOf('damaged.jpg')).toBe('not_an_image');
    expect(await codeOf('gone.jpg', '8')).toBe('not_found');
  });

  it('are those of a bucket, and made where it has none', async () => {
    const aws = await startAws();
    await aws.createBucket('pictures');
    const objects = createS3Objects({ bucket: 'pictures', client: aws.s3 });
    expectOk(await objects.put('a.jpg', large));
    const thumbnails = await thumbnailsOf(objects.root, 'a.jpg', () => objects);
    const made = expectOk(await thumbnails.of(hitOf('7'), signal));
    expect(await sizeOf(made.bytes)).toMatchObject({ format: 'webp', width: 512 });
    expectOk(await objects.put(thumbnailKey('7'), Buffer.from('kept')));
    const kept = expectOk(await thumbnails.of(hitOf('7'), signal));
    expect(Buffer.from(kept.bytes).toString()).toBe('kept');
  });

  it('end with whoever asks', async () => {
    const root = await temporaryDirectory();
    await writeFile(join(root, 'a.jpg'), large);
    const thumbnails = await thumbnailsOf(root, 'a.jpg');
    const found = await thumbnails.of(hitOf('7'), AbortSignal.abort());
    expect(expectFailure(found).code).toBe('cancelled');
  });
});
