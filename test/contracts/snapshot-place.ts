import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotPlace } from '../../core/snapshots.ts';
import { expectFailure, expectOk } from '../support/expect-ok.ts';

/** What every place for snapshots does. */
export function describeSnapshotPlace(
  name: string,
  createPlace: () => Promise<SnapshotPlace>,
): void {
  describe(`${name} is a place for snapshots`, () => {
    let place: SnapshotPlace;

    beforeEach(async () => {
      place = await createPlace();
    });

    it('has nothing at first, and finds nothing', async () => {
      expect(expectOk(await place.list())).toEqual([]);
      expect(expectFailure(await place.get('a/b')).code).toBe('not_found');
      expectOk(await place.remove(['a/b']));
    });

    it('gives back what was put, under the name it was put under', async () => {
      const content = { 'one/a.bin': randomBytes(1000), 'one/deep/er/b': randomBytes(1), two: '' };
      for (const [file, bytes] of Object.entries(content)) {
        expectOk(await place.put(file, chunked(Buffer.from(bytes))));
      }
      expect(expectOk(await place.list()).toSorted()).toEqual(Object.keys(content).toSorted());
      for (const [file, bytes] of Object.entries(content)) {
        expect(await read(place, file)).toEqual(Buffer.from(bytes));
      }
    });

    it('replaces what is there', async () => {
      expectOk(await place.put('a/b', chunked(Buffer.from('before'))));
      expectOk(await place.put('a/b', chunked(Buffer.from('after'))));
      expect((await read(place, 'a/b')).toString()).toBe('after');
    });

    it(
      'takes more than one request, without having it in memory',
      { timeout: 60_000 },
      async () => {
        const [block, blocks] = [randomBytes(2 ** 20), 40];
        let ahead = 0;
        async function* content(): AsyncGenerator<Uint8Array> {
          for (let n = 0; n < blocks; n += 1) {
            ahead = n;
            yield block;
          }
        }
        expectOk(await place.put('large', content()));
        expect(ahead).toBe(blocks - 1);
        const given = expectOk(await place.get('large'));
        let bytes = 0;
        for await (const chunk of given) {
          const at = bytes % block.length;
          const expected = Buffer.concat([block, block]).subarray(at, at + chunk.length);
          expect(Buffer.compare(expected, chunk)).toBe(0);
          bytes += chunk.length;
        }
        expect(bytes).toBe(blocks * block.length);
      },
    );

    it.each([0, 20 * 2 ** 20])(
      'has nothing of a content that ends badly after %i bytes',
      async (bytes) => {
        async function* content(): AsyncGenerator<Uint8Array> {
          if (bytes > 0) yield randomBytes(bytes);
          throw new Error('the disk is gone');
        }
        const failed = expectFailure(await place.put('a/b', content()));
        expect(failed.detail).toContain('the disk is gone');
        expect(expectOk(await place.list())).toEqual([]);
      },
    );

    it('removes what is named, and leaves the rest', async () => {
      const names = Array.from({ length: 12 }, (_, n) => `a/${n}`);
      for (const one of [...names, 'b']) expectOk(await place.put(one, chunked(Buffer.from(one))));
      expectOk(await place.remove([...names, 'a/unknown']));
      expect(expectOk(await place.list())).toEqual(['b']);
    });
  });
}

async function* chunked(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 300) yield bytes.subarray(at, at + 300);
}

async function read(place: SnapshotPlace, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of expectOk(await place.get(name))) chunks.push(chunk);
  return Buffer.concat(chunks);
}
