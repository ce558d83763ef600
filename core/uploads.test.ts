import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { requestContext } from '../test/support/request-context.ts';
import { pointOf } from '../test/support/uploads.ts';
import { failure } from './failure.ts';
import { imageId } from './image-id.ts';
import { createImages } from './images.ts';
import { locateByRecord, locateByS3Key } from './locate-image.ts';
import type { ObjectStore, UploadTarget } from './object-store.ts';
import { err, ok } from './result.ts';
import { UploadRequest, UploadType } from './upload-request.ts';
import { createUploads, safeFileName } from './uploads.ts';

const bucket = 's3://pictures';
const newId = () => 'id';

function createTarget(root: string) {
  const permitted: Parameters<UploadTarget['permit']>[0][] = [];
  const target: UploadTarget = {
    root,
    permit: async (upload) => {
      permitted.push(upload);
      return ok({ url: '/form', fields: { key: upload.key }, expiresAt: '2026-01-01T00:00:00Z' });
    },
  };
  return { target, permitted };
}

/** Objects that only remember what was removed. */
function createRemoved(root: string) {
  const removed: string[] = [];
  const objects: Pick<ObjectStore, 'remove' | 'root'> = {
    root,
    remove: async (keys) => {
      removed.push(...keys);
      return ok(undefined);
    },
  };
  return { objects, removed };
}

const locate = async () => err(failure('not_found', 'Nobody is here'));

function request(changes: Partial<UploadRequest> = {}): UploadRequest {
  return UploadRequest.parse({
    file_name: 'dog.jpg',
    content_type: 'image/jpeg',
    size: 3,
    ...changes,
  });
}

describe('a form for an upload', () => {
  it('is for one key of its own, one type and one size, for a quarter of an hour', async () => {
    const { target, permitted } = createTarget(bucket);
    const { objects } = createRemoved(bucket);
    const uploads = createUploads({ target, objects, locate, newId });
    const upload = expectOk(
      await uploads.create(request({ category: 'animals' }), requestContext()),
    );
    expect(upload).toEqual({
      id: imageId('s3://pictures/animals/id-dog.jpg'),
      key: 'animals/id-dog.jpg',
      url: '/form',
      method: 'POST',
      fields: { key: 'animals/id-dog.jpg' },
      expires_at: '2026-01-01T00:00:00Z',
    });
    expect(permitted).toEqual([
      { key: 'animals/id-dog.jpg', contentType: 'image/jpeg', bytes: 3, expiresSeconds: 900 },
    ]);
  });

  it('gives a picture of a folder the id that its index will', async () => {
    const { target } = createTarget('/uploads');
    const { objects } = createRemoved('/uploads');
    const uploads = createUploads({ target, objects, locate, newId });
    const { id, key } = expectOk(await uploads.create(request(), requestContext()));
    expect([key, id]).toEqual(['id-dog.jpg', imageId('id-dog.jpg')]);
  });

  it('ends with the request, and fails as its target does', async () => {
    const { objects } = createRemoved(bucket);
    const never: UploadTarget = { root: bucket, permit: () => new Promise(() => {}) };
    const waiting = createUploads({ target: never, objects, locate, newId });
    const signal = AbortSignal.timeout(10);
    const late = expectFailure(await waiting.create(request(), requestContext({ signal })));
    expect(late.code).toBe('timeout');
    const gone = failure('objects_unavailable', 'Cannot sign');
    const broken: UploadTarget = { root: bucket, permit: async () => err(gone) };
    const uploads = createUploads({ target: broken, objects, locate, newId });
    expect(expectFailure(await uploads.create(request(), requestContext()))).toBe(gone);
  });
});

describe('the file name in a key', () => {
  it.each([
    ['dog.jpg', 'dog.jpg'],
    ['My dog (1).JPEG', 'My-dog-1.JPEG'],
    ['hündchen 犬.png', 'hündchen-犬.png'],
    ['e\u0301te\u0301.png', '\u00e9t\u00e9.png'],
    ['..', 'picture.jpeg'],
    ['../../etc/passwd', 'etc-passwd.jpeg'],
    ['..%2f..%2fx.png', '2f..-2fx.png'],
    ['.hidden.png', 'hidden.png'],
    ['${filename}.png', 'filename.png'],
    ['a?b#c&d=e+f.gif', 'a-b-c-d-e-f.gif'],
    ['<img src=x>.webp', 'img-src-x.webp'],
    ['🐕.avif', 'picture.avif'],
    ['dog', 'dog.jpeg'],
    ['dog.txt', 'dog.txt.jpeg'],
    ['dog.jpg.exe', 'dog.jpg.exe.jpeg'],
    ['.png', 'picture.png'],
    ['a..png', 'a.png'],
    ['___.bmp', '___.bmp'],
  ])('of %s is %s', (file_name, expected) => {
    const name = safeFileName({ file_name, content_type: 'image/jpeg' });
    expect(name).toBe(expected);
  });

  it('is short and harmless whatever the name, and as its type is called', () => {
    const names = string({ unit: 'binary', minLength: 1, maxLength: 255 });
    assert(
      property(names, constantFrom(...UploadType.options), (file_name, content_type) => {
        const name = safeFileName({ file_name, content_type });
        expect(name).toMatch(/^[\p{L}\p{M}\p{N}_][\p{L}\p{M}\p{N}._-]*\.\w{3,4}$/u);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(150);
        expect(name).not.toContain('/');
      }),
    );
    const long = safeFileName({ file_name: '犬'.repeat(255), content_type: 'image/png' });
    expect(long).toBe(`${'犬'.repeat(48)}.png`);
  });
});

describe('the removal of a picture', () => {
  const root = '/uploads';
  const store = createMemoryStore({ dimensions: 2 });
  const images = createImages({
    store,
    modelId: 'fake',
    urlsOf: () => ({ url: '', thumbnail_url: null }),
  });

  function createRemoving(kept: string, by: 'record' | 's3_key') {
    const { objects, removed } = createRemoved(kept);
    const { target } = createTarget(kept);
    const byId = by === 'record' ? locateByRecord(store) : locateByS3Key(images);
    return { removed, uploads: createUploads({ target, objects, locate: byId, newId }) };
  }

  it('takes its file away, by what the index or the picture itself says', async () => {
    expectOk(
      await store.upsert([pointOf(root, 'a/b c.jpg', '1'), pointOf(bucket, 'd/é.jpg', '2')]),
    );
    const folder = createRemoving(root, 'record');
    expect(expectOk(await folder.uploads.remove('1', requestContext()))).toEqual({ id: '1' });
    expect(folder.removed).toEqual(['a/b c.jpg']);
    const there = createRemoving(bucket, 's3_key');
    expect(expectOk(await there.uploads.remove('2', requestContext()))).toEqual({ id: '2' });
    expect(there.removed).toEqual(['d/é.jpg']);
  });

  it('leaves alone what is kept elsewhere, and says what to do', async () => {
    expectOk(
      await store.upsert([
        pointOf('/home/me', 'x.jpg', '1'),
        pointOf('s3://pictures-2', 'x.jpg', '2'),
        pointOf(bucket, '.picture-search/thumbnails/1.webp', '3'),
      ]),
    );
    for (const [kept, by, id] of [
      [root, 'record', '1'],
      [bucket, 's3_key', '1'],
      [bucket, 's3_key', '2'],
      [bucket, 'record', '3'],
    ] as const) {
      const { uploads, removed } = createRemoving(kept, by);
      const failed = expectFailure(await uploads.remove(id, requestContext()));
      expect(failed.code).toBe('image_elsewhere');
      expect(failed.detail).toContain('--prune');
      expect(failed.detail).not.toContain('/home');
      expect(removed).toEqual([]);
    }
  });

  it('knows no picture that is not in the index', async () => {
    for (const by of ['record', 's3_key'] as const) {
      const failed = expectFailure(
        await createRemoving(root, by).uploads.remove('9', requestContext()),
      );
      expect(failed.code).toBe('not_found');
    }
  });

  it('fails as its store does', async () => {
    expectOk(await store.upsert([pointOf(root, 'a.jpg', '1')]));
    const gone = failure('objects_unavailable', 'Cannot remove');
    const uploads = createUploads({
      target: createTarget(root).target,
      objects: { root, remove: async () => err(gone) },
      locate: locateByRecord(store),
      newId,
    });
    expect(expectFailure(await uploads.remove('1', requestContext()))).toBe(gone);
  });
});
