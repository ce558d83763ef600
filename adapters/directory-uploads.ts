import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { type Async, type Failure, failure } from '../core/failure.ts';
import type { ObjectStore, UploadTarget } from '../core/object-store.ts';
import { err, ok, type Result } from '../core/result.ts';
import { isUploadKey } from './upload-key.ts';

export interface DirectoryUploadsOptions {
  readonly objects: Pick<ObjectStore, 'root' | 'put'>;
  /** Where forms are posted to: `/uploads/form`. */
  readonly path: string;
  /** Unix time in milliseconds. */
  readonly now: () => number;
  /** Left out: a new random one, so that forms live no longer than the process. */
  readonly secret?: Uint8Array;
}

/** What was agreed about one upload. */
const Agreement = z.strictObject({
  key: z.string(),
  contentType: z.string(),
  bytes: z.int(),
  expiresAtMs: z.int(),
});
export type Agreement = z.infer<typeof Agreement>;

export interface DirectoryUploads {
  readonly target: UploadTarget;
  /**
   * What was agreed, by the fields of a posted form without its file. Fails with `upload_refused`
   * where they are not as `target` gave them, or too old.
   */
  check(fields: Readonly<Record<string, string>>): Result<Agreement, Failure>;
  /**
   * Puts the file of a posted form into the folder. Fails as `check` does, with `upload_refused` for
   * a file of another size, and as `ObjectStore.put` does.
   */
  accept(
    fields: Readonly<Record<string, string>>,
    file: Uint8Array,
    signal?: AbortSignal,
  ): Async<{ readonly key: string }>;
}

/** What presigned POSTs are to a bucket: signed forms that are posted to this process. */
export function createDirectoryUploads({
  objects,
  path,
  now,
  secret = randomBytes(32),
}: DirectoryUploadsOptions): DirectoryUploads {
  const sign = (policy: string): Buffer => createHmac('sha256', secret).update(policy).digest();
  const check = (fields: Readonly<Record<string, string>>) => readFields(fields, sign, now());
  return {
    target: {
      root: objects.root,
      async permit({ key, contentType, bytes, expiresSeconds }) {
        if (!isUploadKey(key)) {
          const detail = `Cannot permit the upload as there are no such keys: ${key.slice(0, 100)}`;
          return err(failure('invalid_field', detail));
        }
        const expiresAtMs = Math.floor(now() + expiresSeconds * 1000);
        const agreed: Agreement = { key, contentType, bytes, expiresAtMs };
        const policy = Buffer.from(JSON.stringify(agreed)).toString('base64url');
        const signature = sign(policy).toString('base64url');
        const fields = { key, 'Content-Type': contentType, policy, signature };
        return ok({ url: path, fields, expiresAt: new Date(expiresAtMs).toISOString() });
      },
    },
    check,
    async accept(fields, file, signal) {
      const agreed = check(fields);
      if (!agreed.ok) return agreed;
      const { key, contentType, bytes } = agreed.value;
      if (file.length !== bytes) {
        return refused(`its size is not as agreed: ${file.length}, not ${bytes} bytes`);
      }
      const put = await objects.put(key, file, { contentType, signal });
      return put.ok ? ok({ key }) : put;
    },
  };
}

function readFields(
  fields: Readonly<Record<string, string>>,
  sign: (policy: string) => Buffer,
  nowMs: number,
): Result<Agreement, Failure> {
  const { policy = '', signature = '' } = fields;
  const given = Buffer.from(signature, 'base64url');
  const right = sign(policy);
  if (given.length !== right.length || !timingSafeEqual(given, right)) {
    return refused('its signature does not fit');
  }
  const agreed = parsePolicy(policy);
  if (!agreed) return refused('its policy is of no known form');
  if (nowMs >= agreed.expiresAtMs) {
    return refused(`its form has expired: ${new Date(agreed.expiresAtMs).toISOString()}`);
  }
  const { key = '', 'Content-Type': contentType = '' } = fields;
  if (key !== agreed.key) return refused(`its key is not as agreed: ${key.slice(0, 100)}`);
  if (contentType !== agreed.contentType) {
    return refused(`its Content-Type is not as agreed: ${contentType.slice(0, 100)}`);
  }
  return ok(agreed);
}

function parsePolicy(policy: string): Agreement | undefined {
  try {
    return Agreement.parse(JSON.parse(Buffer.from(policy, 'base64url').toString()));
  } catch {
    return undefined;
  }
}

function refused(why: string) {
  return err(failure('upload_refused', `Cannot accept the upload as ${why}`));
}
