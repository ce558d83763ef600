import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import { ImageId } from '../core/model.ts';
import type { Logger } from '../core/ports.ts';
import { err } from '../core/result.ts';
import type { Clock } from '../core/timings.ts';
import {
  type Removal,
  type Upload,
  UploadRequest,
  type UploadsInfo,
  UploadType,
} from '../core/upload-request.ts';
import type { Uploads } from '../core/uploads.ts';
import { refuseOtherMethods } from './middleware.ts';
import { parseFields, readJsonText } from './parse-request.ts';
import { parseJson } from './read-body.ts';
import { createRequestContext } from './request-context.ts';
import { respondAndLog } from './respond.ts';

export interface UploadRoutesParts {
  /** Left out: pictures come and go another way, and these routes say so. */
  readonly uploads?: Uploads | undefined;
  readonly logger: Logger;
  readonly now: Clock;
  /** How long one request may take. */
  readonly timeoutMs: number;
}

/** `/uploads`, and `DELETE /images/{id}`: to go before those who have the rest of that path. */
export function createUploadRoutes(parts: UploadRoutesParts): Hono {
  const info: UploadsInfo = {
    enabled: parts.uploads !== undefined,
    max_bytes: imageLimits.bytes,
    content_types: [...UploadType.options],
  };
  const app = new Hono();
  app.get('/uploads', (c) => c.json(info, 200, { 'Cache-Control': 'no-cache' }));
  app.post('/uploads', async (c) => {
    const upload = await createUpload(c, parts);
    // Whoever has the form may upload with it.
    return upload.ok
      ? c.json(upload.value, 201, { 'Cache-Control': 'no-store' })
      : respondAndLog(c, parts.logger, upload.error);
  });
  app.all('/uploads', refuseOtherMethods('GET, HEAD, POST'));
  app.delete('/images/:id', async (c) => {
    const removal = await removeImage(c, parts);
    return removal.ok ? c.json(removal.value, 202) : respondAndLog(c, parts.logger, removal.error);
  });
  return app;
}

async function createUpload(c: Context, parts: UploadRoutesParts): Async<Upload> {
  if (!parts.uploads) return err(uploadsOff());
  const context = createRequestContext(c, parts);
  const text = await readJsonText(c);
  const body = text.ok ? parseJson(text.value) : text;
  const request = body.ok ? parseFields(UploadRequest, body.value) : body;
  return request.ok ? parts.uploads.create(request.value, context) : request;
}

async function removeImage(c: Context, parts: UploadRoutesParts): Async<Removal> {
  if (!parts.uploads) return err(uploadsOff());
  const id = parseFields(z.strictObject({ id: ImageId }), { id: c.req.param('id') });
  return id.ok ? parts.uploads.remove(id.value.id, createRequestContext(c, parts)) : id;
}

function uploadsOff(): Failure {
  const detail =
    'Cannot upload or remove pictures as this server was not told where they are kept: PICTURES_BUCKET is not set';
  return failure('uploads_off', detail);
}
