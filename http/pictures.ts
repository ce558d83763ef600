import { Hono } from 'hono';
import * as z from 'zod';
import { type Async, failure } from '../core/failure.ts';
import { findRecord } from '../core/images.ts';
import { ImageId, type ImageRecord } from '../core/model.ts';
import type { ObjectStore, VectorStore } from '../core/ports.ts';
import { err } from '../core/result.ts';
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

/** Where a picture is served on a laptop. */
export function pictureUrl({ id }: Pick<ImageRecord, 'id'>): string {
  return `/pictures/${id}`;
}

/** The files of indexed pictures, by id: nothing that is not in the index can be asked for. */
export function createPictures(parts: {
  readonly store: VectorStore;
  /** The folder that a record came from. */
  readonly objectsOf: (root: string) => ObjectStore;
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
    const bytes = await readIndexed(parts.objectsOf(origin.root), record.value);
    if (!bytes.ok) return respondFailure(c, bytes.error);
    const extension = origin.key.slice(origin.key.lastIndexOf('.') + 1).toLowerCase();
    const type = types[extension] ?? 'application/octet-stream';
    return c.body(new Uint8Array(bytes.value), 200, { ...headers, 'Content-Type': type });
  });
  app.all('/pictures/:id', refuseOtherMethods('GET, HEAD'));
  return app;
}

async function readIndexed(objects: ObjectStore, { origin }: ImageRecord): Async<Uint8Array> {
  const bytes = await objects.get(origin.key);
  if (bytes.ok || bytes.error.code !== 'not_found') return bytes;
  const detail = `Cannot show the picture as its file is gone since it was indexed (run the index command with --prune): ${origin.key}`;
  return err(failure('not_found', detail));
}
