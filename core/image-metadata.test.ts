import { describe, expect, it } from 'vitest';
import { imageId } from './image-id.ts';
import {
  imageIdAt,
  isSameState,
  mayDiffer,
  metadataNow,
  type MetadataOptions,
  toMetadata,
} from './image-metadata.ts';
import { ImageMetadata, type ImageRecord } from './model.ts';
import type { ObjectInfo } from './object-store.ts';

const bucket: MetadataOptions = { root: 's3://pictures' };
const folder: MetadataOptions = { root: '/home/me/pictures' };
const size = { width: 640, height: 480 };

function infoOf(key: string, metadata?: Record<string, string>): ObjectInfo {
  return { key, bytes: 1234, version: 'v1', ...(metadata && { metadata }) };
}

function recordOf(info: ObjectInfo, options: MetadataOptions, more = {}): ImageRecord {
  const { key, version } = info;
  const metadata = { ...toMetadata(info, size, options), ...more };
  return {
    id: imageIdAt(options.root, key),
    metadata,
    origin: { root: options.root, key, version },
  };
}

describe('the metadata of a picture', () => {
  it('says in a bucket where it is, what it is and what was said of it', () => {
    const takenAt = 1_700_000_000;
    const facts = { type: 'image/jpeg', takenAt, place: { latitude: 48.1, longitude: 11.6 } };
    const info = infoOf('cats/tom.jpg', { licence: 'cc0', photographer: 'Änne' });
    const metadata = toMetadata(info, { ...size, facts }, bucket);
    expect(metadata).toEqual({
      file_path: 'cats/tom.jpg',
      file_name: 'tom.jpg',
      s3_key: 's3://pictures/cats/tom.jpg',
      category: 'cats',
      ...size,
      size: 1234,
      type: 'image/jpeg',
      etag: 'v1',
      taken_at: takenAt,
      licence: 'cc0',
      photographer: 'Änne',
    });
    expect(ImageMetadata.parse(metadata)).toEqual(metadata);
    const withPlace = toMetadata(info, { ...size, facts }, { ...bucket, place: true });
    expect(withPlace).toEqual({ ...metadata, latitude: 48.1, longitude: 11.6 });
  });

  it('is less in a folder, where nobody says anything', () => {
    expect(toMetadata(infoOf('tom.jpg'), size, folder)).toEqual({
      file_path: 'tom.jpg',
      file_name: 'tom.jpg',
      s3_key: null,
      category: null,
      ...size,
      size: 1234,
    });
  });

  it('takes for the category what was said, what was asked for, or the first folder', () => {
    const zoo = { ...bucket, category: 'zoo' };
    const category = (info: ObjectInfo, options: MetadataOptions) =>
      toMetadata(info, size, options).category;
    expect(category(infoOf('a/b/c.jpg', { category: 'said' }), zoo)).toBe('said');
    expect(category(infoOf('a/b/c.jpg', { category: '' }), zoo)).toBe('zoo');
    expect(category(infoOf('a/b/c.jpg'), bucket)).toBe('a');
    expect(category(infoOf('c.jpg'), bucket)).toBeNull();
    expect(category(infoOf('/c.jpg'), bucket)).toBeNull();
  });

  it('takes of what was said only what can be filtered by and means nothing else', () => {
    const said = {
      Width: '1',
      file_path: '/etc/passwd',
      s3_key: 's3://other/x',
      latitude: '0',
      url: 'https://example.org',
      thumbnail_url: 'x',
      etag: 'x',
      __own: 'x',
      'with space': 'x',
      ['k'.repeat(65)]: 'x',
      ['__proto__']: 'x',
      constructor: 'kept',
      'dotted.name-1': 'kept',
      LICENCE: 'kept',
    };
    const plain = toMetadata(infoOf('a.jpg'), size, bucket);
    const metadata = toMetadata(infoOf('a.jpg', said), size, bucket);
    const kept = { constructor: 'kept', 'dotted.name-1': 'kept', licence: 'kept' };
    expect(metadata).toEqual({ ...plain, ...kept });
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
  });
});

describe('the id of a picture', () => {
  it('follows from its address in a bucket, and from its path in a folder, wherever that is', () => {
    expect(imageIdAt('s3://pictures', 'a/b.jpg')).toBe(imageId('s3://pictures/a/b.jpg'));
    expect(imageIdAt('/anywhere', 'a/b.jpg')).toBe(imageId('a/b.jpg'));
  });
});

describe('metadata that has changed while the bytes have not', () => {
  it('is none when all is as it was said', () => {
    const info = infoOf('cats/tom.jpg', { licence: 'cc0' });
    expect(metadataNow(recordOf(info, bucket), info, bucket)).toBeUndefined();
  });

  it('is what is said now, beside what follows from the bytes', () => {
    const facts = { type: 'image/png', taken_at: 5 };
    const record = recordOf(
      infoOf('cats/tom.jpg', { licence: 'cc0', mood: 'good' }),
      bucket,
      facts,
    );
    const now = metadataNow(
      record,
      infoOf('cats/tom.jpg', { licence: 'mit', category: 'x' }),
      bucket,
    );
    const { mood: _, ...kept } = record.metadata;
    expect(now).toEqual({ ...kept, licence: 'mit', category: 'x' });
    expect(metadataNow(record, infoOf('cats/tom.jpg', {}), bucket)).toMatchObject(facts);
  });

  it('does not miss what an earlier version did not keep', () => {
    const info = infoOf('cats/tom.jpg', {});
    const { file_path, file_name, s3_key, category, width, height } = toMetadata(
      info,
      size,
      bucket,
    );
    const metadata = { file_path, file_name, s3_key, category, width, height };
    const old = { ...recordOf(info, bucket), metadata };
    expect(metadataNow(old, info, bucket)).toBeUndefined();
  });

  it('is not known of a listing, but of a folder', () => {
    const info = infoOf('cats/tom.jpg', { category: 'said', licence: 'cc0' });
    const listed = infoOf('cats/tom.jpg');
    expect(metadataNow(recordOf(info, bucket), listed, bucket)).toBeUndefined();
    expect(mayDiffer(recordOf(info, bucket), listed, bucket)).toBe(true);
    expect(mayDiffer(recordOf(info, bucket), info, bucket)).toBe(false);
    expect(mayDiffer(recordOf(listed, bucket), listed, bucket)).toBe(false);
    const record = recordOf(listed, folder, { imported: ['a', 'b'] });
    expect(metadataNow(record, listed, folder)).toBeUndefined();
    expect(metadataNow(record, listed, { ...folder, category: 'zoo' })).toEqual({
      ...record.metadata,
      category: 'zoo',
    });
  });
});

describe('two looks at a file', () => {
  it('have seen the same state when version and metadata are alike, as far as they are known', () => {
    const info = infoOf('a.jpg', { a: '1' });
    expect(isSameState(undefined, undefined)).toBe(true);
    expect(isSameState(info, undefined)).toBe(false);
    expect(isSameState(undefined, info)).toBe(false);
    expect(isSameState(info, { ...info, metadata: { a: '1' } })).toBe(true);
    expect(isSameState(info, { ...info, version: 'v2' })).toBe(false);
    expect(isSameState(info, infoOf('a.jpg', { a: '2' }))).toBe(false);
    expect(isSameState(info, infoOf('a.jpg', { b: '1' }))).toBe(false);
    expect(isSameState(info, infoOf('a.jpg', {}))).toBe(false);
    expect(isSameState(info, infoOf('a.jpg'))).toBe(true);
  });
});
