import { spawnSync } from 'node:child_process';
import { chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
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
