import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { isBucket } from '../core/image-metadata.ts';
import { findRecord } from '../core/images.ts';
import { ImageId, type ImageRecord } from '../core/model.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import type { ObjectReader } from '../core/object-store.ts';
import type { VectorStore } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import type { PictureUrls, UrlsOf } from '../core/search.ts';
import { uploadTypes } from '../core/upload-request.ts';
import { refuseOtherMethods } from './middleware.ts';
import { parseFields } from './parse-request.ts';
import { respondFailure } from './respond.ts';

function typeOf(key: string): string {
  const [type] = Object.entries(uploadTypes).find(([, ending]) => ending.test(key)) ?? [];
  return type ?? 'application/octet-stream';
}

/** Where a picture is served on a laptop. */
export function pictureUrls({ id, origin }: Pick<ImageRecord, 'id' | 'origin'>): PictureUrls {
  return {
    url: `/pictures/${id}`,
    thumbnail_url: hasThumbnail(origin) ? `/thumbnails/${id}` : null,
  };
}

/** Small versions are kept beside pictures in a bucket alone. */
function hasThumbnail({ root }: ImageRecord['origin']): boolean {
  return isBucket(root);
}

/** The same where pictures are served by others, such as a CDN before the bucket: by key. */
export function pictureUrlsBelow(base: string): UrlsOf {
  const below = base.replace(/\/+$/, '');
  const escaped = (key: string) => key.split('/').map(encodeURIComponent).join('/');
  return ({ id, origin }) => ({
    url: `${below}/${escaped(origin.key)}`,
    thumbnail_url: hasThumbnail(origin) ? `${below}/${escaped(thumbnailKey(id))}` : null,
  });
}

/** The files of indexed pictures, by id: nothing that is not in the index can be asked for. */
export function createPictures(parts: PicturesParts): Hono {
  const app = new Hono();
  app.get('/pictures/:id', (c) =>
    answer(c, parts, async (record, objects) => {
      const { key } = record.origin;
      const read = await objects.get(key, c.req.raw.signal);
      if (read.ok) return ok({ bytes: read.value.bytes, type: typeOf(key) });
      return read.error.code === 'not_found' ? err(gone(key)) : read;
    }),
  );
  app.get('/thumbnails/:id', (c) =>
    answer(c, parts, async ({ id }, objects) => {
      const read = await objects.get(thumbnailKey(id), c.req.raw.signal);
      return read.ok ? ok({ bytes: read.value.bytes, type: 'image/webp' }) : read;
    }),
  );
  for (const path of ['/pictures/:id', '/thumbnails/:id']) {
    app.all(path, refuseOtherMethods('GET, HEAD'));
  }
  return app;
}

export interface PicturesParts {
  readonly store: VectorStore;
  /** The folder or bucket that a record came from. */
  readonly objectsOf: (root: string) => Pick<ObjectReader, 'get'>;
}

interface PictureFile {
  readonly bytes: Uint8Array;
  readonly type: string;
}

async function answer(
  c: Context,
  parts: PicturesParts,
  read: (record: ImageRecord, objects: Pick<ObjectReader, 'get'>) => Async<PictureFile>,
): Promise<Response> {
  const id = parseFields(z.strictObject({ id: ImageId }), { id: c.req.param('id') });
  const record = id.ok ? await findRecord(parts.store, id.value.id, c.req.raw.signal) : id;
  if (!record.ok) return respondFailure(c, record.error);
  const { origin } = record.value;
  const etag = `"${Buffer.from(origin.version).toString('base64url')}"`;
  const headers = { ETag: etag, 'Cache-Control': 'private, max-age=60' };
  if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
  const file = await read(record.value, parts.objectsOf(origin.root));
  if (!file.ok) return respondFailure(c, file.error);
  const { bytes, type } = file.value;
  // Not copied: an original may have 50 MB.
  return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { ...headers, 'Content-Type': type });
}

function gone(key: string): Failure {
  return failure(
    'not_found',
    `Cannot show the picture as its file is gone since it was indexed (run the index command with --prune): ${key}`,
  );
}
