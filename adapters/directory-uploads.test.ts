import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { UploadForm } from '../core/object-store.ts';
import { describeUploadTarget } from '../test/contracts/upload-target.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createDirectoryObjects } from './directory-objects.ts';
import { createDirectoryUploads } from './directory-uploads.ts';

const temporaryDirectory = useTemporaryDirectories();
const path = '/uploads/form';

describeUploadTarget('a folder', {
  checks: true,
  async create() {
    const objects = createDirectoryObjects(await temporaryDirectory());
    const { target, accept } = createDirectoryUploads({ objects, path, now: Date.now });
    const post = async ({ fields }: UploadForm, file: Uint8Array): Promise<boolean> => {
      const accepted = await accept(fields, file);
      if (!accepted.ok) expect(accepted.error.code).toBe('upload_refused');
      return accepted.ok;
    };
    return { target, objects, post };
  },
});

describe('forms for a folder', () => {
  const upload = { key: 'a.png', contentType: 'image/png', bytes: 3, expiresSeconds: 60 };
  const file = Buffer.from('abc');
  let nowMs = Date.UTC(2026, 0, 1);

  async function createUploads(secret?: Uint8Array) {
    const objects = createDirectoryObjects(await temporaryDirectory());
    const now = () => nowMs;
    return createDirectoryUploads({ objects, path, now, ...(secret && { secret }) });
  }

  it('are posted to a path here, and end when they say', async () => {
    const { target, accept, check } = await createUploads();
    const { url, fields, expiresAt } = expectOk(await target.permit(upload));
    expect({ url, expiresAt }).toEqual({ url: path, expiresAt: '2026-01-01T00:01:00.000Z' });
    nowMs += 59_999;
    expect(expectOk(check(fields))).toMatchObject({ key: 'a.png', bytes: 3 });
    expect(expectOk(await accept(fields, file))).toEqual({ key: 'a.png' });
    nowMs += 1;
    for (const result of [check(fields), await accept(fields, file)]) {
      expect(expectFailure(result)).toMatchObject({
        code: 'upload_refused',
        detail: 'Cannot accept the upload as its form has expired: 2026-01-01T00:01:00.000Z',
      });
    }
  });

  it('are refused with what is wrong with them', async () => {
    const { target, accept } = await createUploads();
    const { fields } = expectOk(await target.permit(upload));
    const detail = async (changes: object, bytes = file): Promise<string> =>
      expectFailure(await accept({ ...fields, ...changes }, bytes)).detail;
    expect(await detail({ signature: 'x' })).toMatch(/as its signature does not fit$/);
    expect(await detail({ key: 'b.png' })).toMatch(/as its key is not as agreed: b.png$/);
    expect(await detail({ 'Content-Type': 'a/b' })).toMatch(/Content-Type is not as agreed: a\/b$/);
    expect(await detail({}, Buffer.from('abcd'))).toMatch(/size is not as agreed: 4, not 3 bytes$/);
  });

  it('are no one else’s: another process has another secret', async () => {
    const [one, other] = [await createUploads(), await createUploads()];
    const { fields } = expectOk(await one.target.permit(upload));
    expect(expectFailure(other.check(fields)).detail).toContain('signature');
    const secret = Buffer.alloc(32, 1);
    const [same, again] = [await createUploads(secret), await createUploads(secret)];
    const shared = expectOk(await same.target.permit(upload));
    expectOk(again.check(shared.fields));
  });

  it('are not believed for being signed by something else of the same secret', async () => {
    const secret = Buffer.alloc(32, 1);
    const { check } = await createUploads(secret);
    for (const policy of ['', 'bm8ganNvbg', Buffer.from('{"key":1}').toString('base64url')]) {
      const signature = createHmac('sha256', secret).update(policy).digest('base64url');
      expect(expectFailure(check({ policy, signature })).code).toBe('upload_refused');
    }
  });

  it('put nothing where the folder does not let them', async () => {
    const { target, accept } = await createUploads();
    const { fields } = expectOk(await target.permit({ ...upload, key: '../a.png' }));
    expect(expectFailure(await accept(fields, file)).code).toBe('image_unreadable');
  });
});
