import { type Context, Hono } from 'hono';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import type { Logger } from '../core/ports.ts';
import { err, type Result } from '../core/result.ts';
import type { Clock } from '../core/timings.ts';
import { createFormFileReader, type FormFile } from './form-file.ts';
import { refuseOtherMethods } from './middleware.ts';
import { connectionBroke, createBodyMemory, noMemory, readChunks } from './read-body.ts';
import { createRequestContext } from './request-context.ts';
import { respondAndLog } from './respond.ts';

/** Takes the forms that an `UploadTarget` gave, where that is no server of its own: on a laptop. */
export interface UploadForms {
  /**
   * How many bytes the file of a form with these fields must have. Fails with `upload_refused` where
   * they are not as they were given, or no longer.
   */
  check(fields: FormFile['fields']): Result<{ readonly bytes: number }, Failure>;
  /** Puts the file where the fields say. Fails as `check` and `ObjectStore.put` do. */
  accept(fields: FormFile['fields'], file: Uint8Array, signal?: AbortSignal): Async<unknown>;
}

/** Of files that are in memory at the same time. */
const maxFileBytes = 4 * imageLimits.bytes;

/** As long as the server waits for a whole request. */
const formTimeoutMs = 60_000;

/** `POST /uploads/form`: nobody needs a key there, as a form is signed. */
export function createUploadForm(parts: {
  readonly uploadForms: UploadForms;
  readonly logger: Logger;
  readonly now: Clock;
}): Hono {
  const accept = createAccept(parts.uploadForms);
  const app = new Hono();
  app.post('/uploads/form', async (c) => {
    const { signal } = createRequestContext(c, { now: parts.now, timeoutMs: formTimeoutMs });
    const accepted = await accept(c, signal);
    // As S3 answers.
    return accepted.ok ? c.body(null, 204) : respondAndLog(c, parts.logger, accepted.error);
  });
  app.all('/uploads/form', refuseOtherMethods('POST'));
  return app;
}

function createAccept(forms: UploadForms) {
  const memory = createBodyMemory(maxFileBytes);
  return async (c: Context, signal: AbortSignal): Async<unknown> => {
    const boundary = boundaryOf(c.req.header('content-type') ?? '');
    if (boundary === undefined) return err(noForm(c));
    let taken = 0;
    const reader = createFormFileReader(boundary, (fields) => {
      const checked = forms.check(fields);
      if (!checked.ok) return checked;
      if (!memory.take(checked.value.bytes)) return err(noMemory());
      taken = checked.value.bytes;
      return checked;
    });
    try {
      const failed = await readAll(c, signal, reader.add);
      const form = failed ? err(failed) : reader.end();
      return form.ok ? await forms.accept(form.value.fields, form.value.file, signal) : form;
    } finally {
      memory.giveBack(taken);
    }
  };
}

/**
 * Also what nobody wants any more is taken from the wire: browsers can't read an answer that comes
 * while they still send, if the connection ends with it.
 */
async function readAll(
  c: Context,
  signal: AbortSignal,
  add: (chunk: Uint8Array) => Failure | undefined,
): Promise<Failure | undefined> {
  let failed: Failure | undefined;
  let skipped = 0;
  const broken = await readChunks(c.req.raw.body, signal, (chunk) => {
    if (failed) skipped += chunk.length;
    else failed = add(chunk);
    return skipped > imageLimits.bytes ? failed : undefined;
  }).catch(connectionBroke);
  return failed ?? broken;
}

function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const [, quoted, bare] =
    /;\s*boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))\s*(?:;|$)/i.exec(contentType) ?? [];
  return quoted ?? bare;
}

function noForm(c: Context): Failure {
  const given = c.req.header('content-type')?.slice(0, 100) ?? '(none)';
  const detail = `Cannot read the body as its content-type is not multipart/form-data with a boundary: ${given}`;
  return failure('unsupported_media_type', detail);
}
