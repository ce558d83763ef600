import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore, UploadForm, UploadTarget } from '../../core/object-store.ts';
import { expectOk } from '../support/expect-ok.ts';

export interface UploadTargetCase {
  create(): Promise<{
    readonly target: UploadTarget;
    /** Where what is uploaded arrives. */
    readonly objects: ObjectStore;
    /** Posts the form with this file. Whether it was taken. */
    post(form: UploadForm, file: Uint8Array): Promise<boolean>;
  }>;
  /** Whether the other end looks at what was agreed. */
  readonly checks: boolean;
}

/** What every target of uploads does. */
export function describeUploadTarget(name: string, { create, checks }: UploadTargetCase): void {
  describe(`${name} takes uploads`, () => {
    let parts: Awaited<ReturnType<UploadTargetCase['create']>>;

    beforeEach(async () => {
      parts = await create();
    });

    const file = randomBytes(5000);
    const upload = { key: 'cats/a b+ü.png', contentType: 'image/png', bytes: 5000 };
    const permit = async (over: Partial<typeof upload> = {}, expiresSeconds = 600) =>
      expectOk(await parts.target.permit({ ...upload, ...over, expiresSeconds }));

    it('is of the root of the objects', () => {
      expect(parts.target.root).toBe(parts.objects.root);
    });

    it('gives a form by which a file comes in whole, under its key', async () => {
      const before = Date.now();
      const form = await permit();
      const lifeMs = Date.parse(form.expiresAt) - before;
      // To the second, and however long the test took.
      expect(lifeMs).toBeGreaterThan(598_000);
      expect(form.expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      expect(form.fields).toMatchObject({ key: upload.key, 'Content-Type': 'image/png' });
      expect(await parts.post(form, file)).toBe(true);
      const { info, bytes } = expectOk(await parts.objects.get(upload.key));
      expect(info.bytes).toBe(5000);
      expect(Buffer.compare(bytes, file)).toBe(0);
    });

    it('takes the same form once more, which changes nothing', async () => {
      const form = await permit();
      expect([await parts.post(form, file), await parts.post(form, file)]).toEqual([true, true]);
      expect(await Array.fromAsync(parts.objects.list())).toHaveLength(1);
    });

    it.each(['', `${'x'.repeat(1021)}.png`, 'a/${filename}'])('permits no key %j', async (key) => {
      const refused = await parts.target.permit({ ...upload, key, expiresSeconds: 60 });
      expect(refused).toMatchObject({ ok: false, error: { code: 'invalid_field' } });
    });

    const describeChecks = checks ? describe : () => {};
    describeChecks('that are looked at', () => {
      it('takes no file of another size', async () => {
        const form = await permit();
        for (const size of [0, 4999, 5001]) {
          expect(await parts.post(form, randomBytes(size))).toBe(false);
        }
        expect(await Array.fromAsync(parts.objects.list())).toEqual([]);
      });

      it.each(['key', 'Content-Type'])('takes no other %s', async (field) => {
        const { fields, ...form } = await permit();
        for (const value of ['dogs/a.png', '', '../a.png']) {
          const changed = { ...form, fields: { ...fields, [field]: value } };
          expect(await parts.post(changed, file)).toBe(false);
        }
        const { [field]: _, ...fewer } = fields;
        expect(await parts.post({ ...form, fields: fewer }, file)).toBe(false);
        expect(await Array.fromAsync(parts.objects.list())).toEqual([]);
      });

      it('takes no form that nobody gave', async () => {
        const [form, other] = [await permit(), await permit({ key: 'dogs/a.png' })];
        for (const field of Object.keys(form.fields)) {
          if (form.fields[field] === other.fields[field]) continue;
          const fields = { ...form.fields, [field]: other.fields[field] ?? '' };
          expect([field, await parts.post({ ...form, fields }, file)]).toEqual([field, false]);
        }
        expect(await parts.post({ ...form, fields: {} }, file)).toBe(false);
        expect(await Array.fromAsync(parts.objects.list())).toEqual([]);
      });
    });
  });
}
