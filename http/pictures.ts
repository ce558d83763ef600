import { Hono } from 'hono';
import * as z from 'zod';
import { type Async, failure } from '../core/failure.ts';
import { findRecord } from '../core/images.ts';
import { ImageId, type ImageRecord } from '../core/model.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import type { ObjectReader, StoredObject, VectorStore } from '../core/ports.ts';
import { err } from '../core/result.ts';
import type { PictureUrls, UrlsOf } from '../core/search.ts';
import { refuseOtherMethods } from './middleware.ts';
import { parseFields } from './parse-request.ts';
import { respondFailure } from './respond.ts';

const types: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  bmp: 'image/bmp',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  gif: 'image/gif',
  avif: 'image/avif',
};

/** Where a picture is served on a laptop: small versions are kept beside pictures in a bucket alone. */
export function pictureUrls({ id, origin }: Pick<ImageRecord, 'id' | 'origin'>): PictureUrls {
  const hasThumbnail = origin.root.startsWith('s3://');
  return { url: `/pictures/${id}`, thumbnail_url: hasThumbnail ? `/thumbnails/${id}` : null };
}

/** The same where pictures are served by others, such as a CDN before the bucket: by key. */
export function pictureUrlsBelow(base: string): UrlsOf {
  const below = base.replace(/\/+$/, '');
  const escaped = (key: string) => key.split('/').map(encodeURIComponent).join('/');
  return ({ id, origin }) => ({
    url: `${below}/${escaped(origin.key)}`,
    thumbnail_url: `${below}/${escaped(thumbnailKey(id))}`,
  });
}

/** The files of indexed pictures, by id: nothing that is not in the index can be asked for. */
export function createPictures(parts: {
  readonly store: VectorStore;
  /** The folder that a record came from. */
  readonly objectsOf: (root: string) => ObjectReader;
}): Hono {
  const app = new Hono();
  app.get('/pictures/:id', async (c) => {
    const id = parseFields(z.strictObject({ id: ImageId }), { id: c.req.param('id') });
    const record = id.ok ? await findRecord(parts.store, id.value.id) : id;
    if (!record.ok) return respondFailure(c, record.error);
    const { origin } = record.value;
    const etag = `"${Buffer.from(origin.version).toString('base64url')}"`;
    const headers = { ETag: etag, 'Cache-Control': 'private, max-age=60' };
    if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
    const read = await readIndexed(parts.objectsOf(origin.root), record.value);
    if (!read.ok) return respondFailure(c, read.error);
    const extension = origin.key.slice(origin.key.lastIndexOf('.') + 1).toLowerCase();
    const type = types[extension] ?? 'application/octet-stream';
    return c.body(new Uint8Array(read.value.bytes), 200, { ...headers, 'Content-Type': type });
  });
  app.all('/pictures/:id', refuseOtherMethods('GET, HEAD'));
  return app;
}

async function readIndexed(objects: ObjectReader, { origin }: ImageRecord): Async<StoredObject> {
  const read = await objects.get(origin.key);
  if (read.ok || read.error.code !== 'not_found') return read;
  const detail = `Cannot show the picture as its file is gone since it was indexed (run the index command with --prune): ${origin.key}`;
  return err(failure('not_found', detail));
}
