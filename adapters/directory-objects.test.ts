import { spawnSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { imageLimits } from '../core/image-limits.ts';
import { describeObjectStore } from '../test/contracts/object-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createDirectoryObjects } from './directory-objects.ts';

const temporaryDirectory = useTemporaryDirectories();
let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
});

async function put(path: string, content = 'x'): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), content);
}

async function keys(root = directory): Promise<string[]> {
  const listed = await Array.fromAsync(createDirectoryObjects(root).list());
  return listed.map((item) => (item.ok ? item.value.key : `! ${item.error.key}`));
}

describeObjectStore('a folder', {
  kind: 'folder',
  create: async () => createDirectoryObjects(await temporaryDirectory()),
  async putTooLarge({ root }, key) {
    await writeFile(join(root, key), 'x');
    await truncate(join(root, key), imageLimits.bytes + 1);
  },
});

describe('a folder of pictures', () => {
  it('lists pictures of every known ending, in all folders below, in a fixed order', async () => {
    const names = ['a.jpg', 'b.JPEG', 'c.png', 'd.webp', 'e.bmp', 'f.tif', 'g.TIFF', 'h.gif'];
    for (const name of [...names, 'z/y/x.avif']) await put(name);
    expect(await keys()).toEqual([...names, 'z/y/x.avif']);
  });

  it('leaves out other files and whatever is hidden', async () => {
    for (const name of ['notes.txt', 'a.jpg.part', '.hidden.jpg', '.cache/b.jpg', 'ok.jpg']) {
      await put(name);
    }
    expect(await keys()).toEqual(['ok.jpg']);
  });

  it('follows no symbolic link, neither to a file nor to a folder', async () => {
    const elsewhere = await temporaryDirectory();
    await writeFile(join(elsewhere, 'secret.jpg'), 'secret');
    await put('mine.jpg');
    await symlink(join(elsewhere, 'secret.jpg'), join(directory, 'link.jpg'));
    await symlink(elsewhere, join(directory, 'folder'));
    await symlink(directory, join(directory, 'loop'));
    expect(await keys()).toEqual(['mine.jpg']);
    const objects = createDirectoryObjects(directory);
    for (const key of ['link.jpg', 'folder/secret.jpg']) {
      expect(await objects.get(key)).toMatchObject({ ok: false, error: { code: 'not_found' } });
    }
  });

  it('reads what is inside and nothing else', async () => {
    await put('sub/a.jpg', 'bytes');
    const objects = createDirectoryObjects(join(directory, 'sub'));
    await put('outside.jpg', 'secret');
    const read = await objects.get('a.jpg');
    expect(read.ok && Buffer.from(read.value.bytes).toString()).toBe('bytes');
    for (const key of ['../outside.jpg', '/etc/passwd', 'a\0.jpg', '', '..', 'missing.jpg']) {
      expect(await objects.get(key)).toMatchObject({ ok: false, error: { code: 'not_found' } });
    }
  });

  it('gives a changed file another version, and the same file the same', async () => {
    await put('a.jpg', 'one');
    const objects = createDirectoryObjects(directory);
    const version = async () => {
      const head = await objects.head('a.jpg');
      return head.ok ? head.value?.version : undefined;
    };
    const first = await version();
    expect(await version()).toBe(first);
    await utimes(join(directory, 'a.jpg'), new Date(0), new Date(0));
    expect(await version()).not.toBe(first);
  });

  it('knows when a file is gone', async () => {
    await put('a.jpg');
    await rm(join(directory, 'a.jpg'));
    const objects = createDirectoryObjects(directory);
    expect(await objects.head('a.jpg')).toEqual({ ok: true, value: undefined });
    expect(await objects.head('../a.jpg')).toEqual({ ok: true, value: undefined });
  });

  it('names a folder that does not exist', async () => {
    const [only] = await Array.fromAsync(createDirectoryObjects(join(directory, 'no')).list());
    expect(only).toMatchObject({ ok: false, error: { failure: { code: 'not_found' } } });
  });

  it('stops when it is told to', async () => {
    await put('a.jpg');
    const objects = createDirectoryObjects(directory);
    const signal = AbortSignal.abort();
    expect(await objects.get('a.jpg', signal)).toMatchObject({ error: { code: 'cancelled' } });
    expect(await objects.head('a.jpg', signal)).toMatchObject({ error: { code: 'cancelled' } });
    const listed = await Array.fromAsync(objects.list({ signal }));
    expect(listed).toMatchObject([{ ok: false, error: { failure: { code: 'cancelled' } } }]);
  });

  it('names files and folders that may not be read', async () => {
    await put('closed.jpg');
    await put('folder/a.jpg');
    await chmod(directory, 0o755);
    await chmod(join(directory, 'closed.jpg'), 0);
    await chmod(join(directory, 'folder'), 0);
    // Root may read everything, so that somebody else has to look.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const { stdout } = spawnSync(process.execPath, ['-e', lookAround, directory], nobody);
    await chmod(join(directory, 'folder'), 0o700);
    expect(JSON.parse(stdout.toString())).toEqual({
      keys: ['closed.jpg', '! folder'],
      detail: 'Cannot read the file as permission is denied: closed.jpg',
    });
  });
});

describe('a folder that is written to', () => {
  const bytes = Buffer.from('bytes');

  it('makes the folders that are not there, and the folder itself', async () => {
    const objects = createDirectoryObjects(join(directory, 'new', 'pictures'));
    expectOk(await objects.put('deep/er/a.png', bytes));
    const file = join(directory, 'new', 'pictures', 'deep', 'er', 'a.png');
    expect(await readFile(file, 'utf8')).toBe('bytes');
  });

  it.each([
    '../out.png',
    '/tmp/out.png',
    '..',
    '',
    '.',
    'a/../../out.png',
    'a\0.png',
    'a/',
    'a//b.png',
  ])('writes and removes nothing under %j', async (key) => {
    await put('inside/kept.png');
    await put('out.png', 'outside');
    const objects = createDirectoryObjects(join(directory, 'inside'));
    expect(expectFailure(await objects.put(key, bytes)).code).toBe('image_unreadable');
    expectOk(await objects.remove([key, '../out.png']));
    expect(await readdir(directory)).toEqual(['inside', 'out.png']);
    expect(await readdir(join(directory, 'inside'))).toEqual(['kept.png']);
    expect(await readFile(join(directory, 'out.png'), 'utf8')).toBe('outside');
  });

  it('goes through no link, neither writing nor removing', async () => {
    const elsewhere = await temporaryDirectory();
    await writeFile(join(elsewhere, 'theirs.png'), 'theirs');
    await symlink(elsewhere, join(directory, 'folder'));
    await symlink(join(elsewhere, 'theirs.png'), join(directory, 'link.png'));
    const objects = createDirectoryObjects(directory);
    for (const key of ['folder/mine.png', 'folder/new/mine.png', 'folder/theirs.png']) {
      const failed = expectFailure(await objects.put(key, bytes));
      expect(failed).toMatchObject({
        code: 'image_unreadable',
        detail: `Cannot write the file as there is a file or a link in the place of one of its folders: ${key}`,
      });
    }
    expectOk(await objects.remove(['folder/theirs.png', 'link.png']));
    expect(expectOk(await objects.head('folder/theirs.png'))).toBeUndefined();
    // A link in its place is replaced, and what it leads to stays as it was.
    expectOk(await objects.put('link.png', bytes));
    expect(await readdir(elsewhere)).toEqual(['theirs.png']);
    expect(await readFile(join(elsewhere, 'theirs.png'), 'utf8')).toBe('theirs');
    expect(await readFile(join(directory, 'link.png'), 'utf8')).toBe('bytes');
  });

  it('may itself be reached by a link', async () => {
    await mkdir(join(directory, 'real'));
    await symlink(join(directory, 'real'), join(directory, 'link'));
    const objects = createDirectoryObjects(join(directory, 'link'));
    expectOk(await objects.put('a/b.png', bytes));
    expect(Buffer.from(expectOk(await objects.get('a/b.png')).bytes).toString()).toBe('bytes');
    expectOk(await objects.remove(['a/b.png']));
    expect(await keys(objects.root)).toEqual([]);
  });

  it('says what is in the way, and leaves nothing behind', async () => {
    await put('file');
    await put('folder.png/inside.png');
    const objects = createDirectoryObjects(directory);
    const details = [];
    for (const key of ['file/a.png', 'folder.png', `${'x'.repeat(300)}.png`]) {
      details.push(expectFailure(await objects.put(key, bytes)).detail);
    }
    expect(details).toEqual([
      'Cannot write the file as there is a file or a link in the place of one of its folders: file/a.png',
      'Cannot write the file as there is a folder in its place: folder.png',
      `Cannot write the file as its name is too long: ${'x'.repeat(300)}.png`,
    ]);
    expectOk(await objects.remove(['folder.png', 'file/a.png', `${'x'.repeat(300)}.png`]));
    expect(await readdir(directory, { recursive: true })).toEqual([
      'file',
      'folder.png',
      'folder.png/inside.png',
    ]);
  });

  it('never shows a file before it is whole, nor one that was given up', async () => {
    const objects = createDirectoryObjects(directory);
    const [long, stop] = [Buffer.alloc(20_000_000, 'x'), new AbortController()];
    const seen = new Set<number>();
    const written = new AbortController();
    const writes = (async () => {
      for (let n = 0; n < 5; n += 1) expectOk(await objects.put('a.png', long));
      setTimeout(() => stop.abort(), 1);
      expect(expectFailure(await objects.put('b.png', long, { signal: stop.signal })).code).toBe(
        'cancelled',
      );
      written.abort();
    })();
    while (!written.signal.aborted) {
      for await (const item of objects.list()) seen.add(item.ok ? item.value.bytes : -1);
      const got = await objects.get('a.png');
      if (got.ok) seen.add(got.value.bytes.length);
    }
    await writes;
    expect([...seen]).toEqual([long.length]);
    expect(await readdir(directory)).toEqual(['a.png']);
  });

  it('gives what is written within a tick of the clock, or after a future one, a new version', async () => {
    const objects = createDirectoryObjects(directory);
    const versions: (string | undefined)[] = [];
    for (const content of ['one', 'two', 'six']) {
      expectOk(await objects.put('a.png', Buffer.from(content)));
      versions.push(expectOk(await objects.head('a.png'))?.version);
      if (content !== 'one') continue;
      await utimes(join(directory, 'a.png'), 4e9, 4e9);
      versions.push(expectOk(await objects.head('a.png'))?.version);
    }
    expect(new Set(versions).size).toBe(4);
  });

  it('does not wait for a pipe that nobody writes to', async () => {
    spawnSync('mkfifo', [join(directory, 'pipe.png')]);
    const objects = createDirectoryObjects(directory);
    expect(expectFailure(await objects.get('pipe.png')).code).toBe('not_found');
    expect(await keys()).toEqual([]);
  });
});

const lookAround = `
  const { createDirectoryObjects } = await import(${JSON.stringify(import.meta.resolve('./directory-objects.ts'))});
  const objects = createDirectoryObjects(process.argv[1]);
  const listed = await Array.fromAsync(objects.list());
  const read = await objects.get('closed.jpg');
  console.log(JSON.stringify({
    keys: listed.map((item) => (item.ok ? item.value.key : '! ' + item.error.key)),
    detail: read.error?.detail,
  }));
`;
