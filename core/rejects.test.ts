import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createMemoryObjects } from '../test/support/memory-objects.ts';
import { failure } from './failure.ts';
import { createOwnFiles, parseReject } from './rejects.ts';

const reject = {
  key: 'cats/ä.jpg',
  version: 'v1',
  code: 'image_corrupt',
  detail: 'Cannot read the picture',
} as const;

describe('what is kept beside the pictures', () => {
  it('is a reject as JSON that can be read again', async () => {
    const objects = createMemoryObjects();
    const files = createOwnFiles(objects);
    expect(expectOk(await files.readReject('7'))).toBeUndefined();
    expectOk(await files.putReject('7', reject));
    expect(expectOk(await files.readReject('7'))).toEqual(reject);
    const file = expectOk(await objects.get('.picture-search/rejects/7.json'));
    expect(JSON.parse(Buffer.from(file.bytes).toString())).toEqual(reject);
  });

  it('is removed together, in one call', async () => {
    const calls: string[] = [];
    const objects = createMemoryObjects({
      before: ({ operation }) => {
        calls.push(operation);
        return undefined;
      },
    });
    const files = createOwnFiles(objects);
    for (const id of ['1', '2', '3']) {
      expectOk(await files.putThumbnail(id, Buffer.from('webp')));
      expectOk(await files.putReject(id, reject));
    }
    expect(expectOk(await files.has('thumbnail', '1'))).toBe(true);
    calls.length = 0;
    expectOk(await files.remove({ thumbnails: ['1', '2', '9'], rejects: ['3'] }));
    expectOk(await files.remove({ thumbnails: [], rejects: [] }));
    expect(calls).toEqual(['remove']);
    expect(expectOk(await files.has('thumbnail', '1'))).toBe(false);
    expect(expectOk(await files.has('reject', '1'))).toBe(true);
    expect(objects.keys()).toEqual([
      '.picture-search/rejects/1.json',
      '.picture-search/rejects/2.json',
      '.picture-search/thumbnails/3.webp',
    ]);
  });

  it('is listed as long as there are few, and never in a folder', async () => {
    const objects = createMemoryObjects();
    const files = createOwnFiles(objects);
    expect(expectOk(await files.listRejects())).toEqual(new Set());
    for (const id of ['1', '22']) expectOk(await files.putReject(id, reject));
    expectOk(await files.putThumbnail('3', Buffer.from('webp')));
    expect(expectOk(await files.listRejects())).toEqual(new Set(['1', '22']));
    const folder = createOwnFiles(createMemoryObjects({ root: '/pictures' }));
    expect(expectOk(await folder.listRejects())).toBeUndefined();
    for (let id = 0; id < 1000; id += 1) expectOk(await files.putReject(`${id}`, reject));
    expect(expectOk(await files.listRejects())).toBeUndefined();
  });

  it('fails as the bucket does', async () => {
    const down = failure('objects_unavailable', 'Cannot ask the bucket');
    const files = createOwnFiles(createMemoryObjects({ before: () => down }));
    const results = [
      await files.putThumbnail('1', Buffer.from('webp')),
      await files.putReject('1', reject),
      await files.readReject('1'),
      await files.has('reject', '1'),
      await files.listRejects(),
      await files.remove({ thumbnails: ['1'], rejects: [] }),
    ];
    for (const result of results) expect(expectFailure(result)).toBe(down);
  });
});

describe('a file that should be a reject', () => {
  it('is refused when it is none', () => {
    for (const text of ['', '{', 'null', '{}', JSON.stringify({ ...reject, code: 'whatever' })]) {
      expect(expectFailure(parseReject(Buffer.from(text))).code).toBe('image_unreadable');
    }
  });
});
