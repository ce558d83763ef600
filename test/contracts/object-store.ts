import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { imageLimits } from '../../core/image-limits.ts';
import { rejectKey, thumbnailKey } from '../../core/own-keys.ts';
import { ImageId } from '../../core/model.ts';
import type { ListOptions, ObjectInfo, ObjectStore } from '../../core/object-store.ts';
import { expectFailure, expectOk } from '../support/expect-ok.ts';

export interface ObjectStoreCase {
  /** An empty one. */
  create(): Promise<ObjectStore>;
  /** `bucket`: any key, in the order of S3; `folder`: names of pictures. */
  readonly kind: 'bucket' | 'folder';
  /** Puts an object that is too large to be read there, past the store. */
  putTooLarge(store: ObjectStore, key: string): Promise<void>;
}

/** What every object store does. */
export function describeObjectStore(name: string, { create, kind, putTooLarge }: ObjectStoreCase) {
  describe(`${name} is an object store`, () => {
    let store: ObjectStore;

    beforeEach(async () => {
      store = await create();
    });

    const put = async (key: string, content: string | Uint8Array = key): Promise<void> =>
      expectOk(await store.put(key, Buffer.from(content), { contentType: 'image/png' }));
    const text = async (key: string): Promise<string> =>
      Buffer.from(expectOk(await store.get(key)).bytes).toString();
    const version = async (key: string): Promise<string | undefined> =>
      expectOk(await store.head(key))?.version;

    it('has nothing at first, and finds nothing', async () => {
      expect(await list(store)).toEqual([]);
      expect(expectOk(await store.head('a.png'))).toBeUndefined();
      expect(expectFailure(await store.get('a.png')).code).toBe('not_found');
      expectOk(await store.remove(['a.png', 'b/c.png']));
      expectOk(await store.remove([]));
    });

    it('gives back what was put, whatever its bytes are', async () => {
      const contents = { 'a.png': randomBytes(70_000), 'deep/er/b.jpg': randomBytes(1) };
      for (const [key, bytes] of Object.entries(contents)) await put(key, bytes);
      await put('empty.png', '');
      for (const [key, bytes] of Object.entries(contents)) {
        const { info, bytes: given } = expectOk(await store.get(key));
        expect(Buffer.compare(given, bytes)).toBe(0);
        expect(info).toMatchObject({ key, bytes: bytes.length });
        expect(expectOk(await store.head(key))).toEqual(info);
      }
      expect(expectOk(await store.get('empty.png')).bytes).toHaveLength(0);
    });

    it('lists what head and get say of it', async () => {
      for (const key of ['b/two.png', 'a.png', 'b/one.png', 'c.png']) await put(key);
      const listed = await list(store);
      expect(listed.map(({ key }) => key)).toEqual(['a.png', 'b/one.png', 'b/two.png', 'c.png']);
      for (const info of listed) {
        expect(expectOk(await store.head(info.key))).toMatchObject(info);
        expect(info.bytes).toBe(info.key.length);
      }
    });

    it('changes the version with the bytes, also to ones of the same length', async () => {
      await put('a.png', 'one');
      const first = await version('a.png');
      expect(await version('a.png')).toBe(first);
      await put('a.png', 'two');
      const second = await version('a.png');
      await put('a.png', 'six');
      expect(new Set([first, second, await version('a.png')]).size).toBe(3);
      expect(first).not.toContain('"');
    });

    it('replaces what is there', async () => {
      await put('a.png', 'a long text');
      await put('a.png', 'short');
      expect(await text('a.png')).toBe('short');
      expect(await list(store)).toHaveLength(1);
    });

    it('ends with one whole content when many are put under one key', async () => {
      const contents = Array.from({ length: 8 }, (_, n) => String(n).repeat(50_000));
      await Promise.all(contents.map((content) => put('same/a.png', content)));
      expect(contents).toContain(await text('same/a.png'));
      expect(await list(store)).toHaveLength(1);
    });

    it('removes what is named, and leaves the rest', async () => {
      const keys = Array.from({ length: 12 }, (_, n) => `a/${n}.png`);
      for (const key of [...keys, 'b.png']) await put(key);
      expectOk(await store.remove([...keys, 'a/unknown.png', 'a/1.png']));
      expect((await list(store)).map(({ key }) => key)).toEqual(['b.png']);
      expect(expectOk(await store.head('a/1.png'))).toBeUndefined();
    });

    it('lists the keys of a prefix, which need not be a folder', async () => {
      for (const key of ['cats/a.png', 'cats/b/c.png', 'catsuit.png', 'dogs/a.png']) await put(key);
      const keys = async (prefix: string): Promise<string[]> =>
        (await list(store, { prefix })).map(({ key }) => key).toSorted();
      expect(await keys('cats/')).toEqual(['cats/a.png', 'cats/b/c.png']);
      expect(await keys('cats')).toEqual(['cats/a.png', 'cats/b/c.png', 'catsuit.png']);
      expect(await keys('cats/b')).toEqual(['cats/b/c.png']);
      expect(await keys('cats/b/c.png')).toEqual(['cats/b/c.png']);
      expect(await keys('ca/')).toEqual([]);
      expect(await keys('../')).toEqual([]);
    });

    it('keeps our own files out of the pictures', async () => {
      const id = ImageId.parse('123');
      await put('a.png');
      await put(thumbnailKey(id), 'small');
      await put(rejectKey(id), '{}');
      expect((await list(store)).map(({ key }) => key)).toEqual(['a.png']);
      expect(await text(thumbnailKey(id))).toBe('small');
      expectOk(await store.remove([thumbnailKey(id)]));
      expect(expectOk(await store.head(thumbnailKey(id)))).toBeUndefined();
    });

    it('refuses to read what is too large', async () => {
      await putTooLarge(store, 'huge.png');
      expect(expectOk(await store.head('huge.png'))?.bytes).toBeGreaterThan(imageLimits.bytes);
      const failed = expectFailure(await store.get('huge.png'));
      expect(failed.code).toBe('image_too_large');
      expect(failed.detail).toContain('huge.png');
    });

    it('does nothing once its signal says so', async () => {
      await put('a.png');
      const signals = {
        cancelled: AbortSignal.abort(),
        timeout: AbortSignal.abort(new DOMException('late', 'TimeoutError')),
      };
      for (const [code, signal] of Object.entries(signals)) {
        const done = [
          await store.head('a.png', signal),
          await store.get('a.png', signal),
          await store.put('b.png', Buffer.from('b'), { signal }),
          await store.remove(['a.png'], signal),
        ];
        expect(done.map((result) => expectFailure(result).code)).toEqual(done.map(() => code));
        const listed = await Array.fromAsync(store.list({ signal }));
        expect(listed).toMatchObject([{ ok: false, error: { failure: { code } } }]);
      }
      expect((await list(store)).map(({ key }) => key)).toEqual(['a.png']);
    });

    it('ends a list that is under way when its signal says so', async () => {
      for (const key of ['a.png', 'b.png', 'c.png']) await put(key);
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const item of store.list({ signal: stop.signal })) {
        seen.push(item.ok ? item.value.key : item.error.failure.code);
        stop.abort();
      }
      expect(seen).toEqual(['a.png', 'cancelled']);
    });

    it('knows no other names for what it has', async () => {
      await put('a/b.png', 'inside');
      for (const key of [
        'a//b.png',
        'a/./b.png',
        'a/../a/b.png',
        '/a/b.png',
        'a/b.png/',
        '',
        'a',
      ]) {
        expect([key, expectOk(await store.head(key))]).toEqual([key, undefined]);
        expect(expectFailure(await store.get(key)).code).toBe('not_found');
        expectOk(await store.remove([key]));
      }
      expect(await text('a/b.png')).toBe('inside');
    });

    const describeBucket = kind === 'bucket' ? describe : () => {};
    describeBucket('of a bucket', () => {
      it(
        'lists 2,500 objects once each, in the order of their bytes',
        { timeout: 120_000 },
        async () => {
          const strange = ['\uff5e.png', '🦊.png', 'Z.png', '_.png', 'é.png', 'z!.png'];
          const numbered = Array.from({ length: 2494 }, (_, n) => `${n % 2 ? 'a' : 'B'}${n}/x.png`);
          numbered.push(...strange);
          for (let at = 0; at < numbered.length; at += 50) {
            await Promise.all(numbered.slice(at, at + 50).map((key) => put(key)));
          }
          const keys = (await list(store)).map(({ key }) => key);
          const inOrder = numbered.toSorted((a, b) =>
            Buffer.compare(Buffer.from(a), Buffer.from(b)),
          );
          expect(keys).toEqual(inOrder);
          // Whoever has seen enough may leave, in the middle of a page or before the next one.
          for (const enough of [1, 1000, 1001]) {
            let seen = 0;
            for await (const item of store.list()) {
              if (item.ok) seen += 1;
              if (seen === enough) break;
            }
            expect(seen).toBe(enough);
          }
        },
      );

      it('lists our own files where the prefix names them', async () => {
        const id = ImageId.parse('123');
        for (const key of ['a.png', thumbnailKey(id), rejectKey(id)]) await put(key);
        const listed = await list(store, { prefix: '.picture-search/rejects/' });
        expect(listed.map(({ key }) => key)).toEqual([rejectKey(id)]);
      });

      it('leaves out what only stands for a folder, and keeps files of any name', async () => {
        for (const key of ['folder/', 'folder/notes.txt', 'none']) await put(key);
        expect((await list(store)).map(({ key }) => key)).toEqual(['folder/notes.txt', 'none']);
      });
    });
  });
}

async function list(store: ObjectStore, options?: ListOptions): Promise<ObjectInfo[]> {
  const listed = await Array.fromAsync(store.list(options));
  return listed.map((item) => {
    if (item.ok) return item.value;
    throw new Error(`${item.error.key}: ${item.error.failure.detail}`);
  });
}
