import { expect, test } from 'vitest';
import { type DroppedEntry, mostFiles, readDropped } from './dropped-files.ts';

function fileEntry(name: string, type = ''): DroppedEntry {
  const file = new File(['x'], name, { type });
  return { name, isDirectory: false, file: (found) => found(file) };
}

/** Gives its entries in parts, as browsers do. */
function folderEntry(name: string, entries: readonly DroppedEntry[]): DroppedEntry {
  return {
    name,
    isDirectory: true,
    createReader() {
      let at = 0;
      return {
        readEntries(found) {
          found(entries.slice(at, at + 100));
          at += 100;
        },
      };
    },
  };
}

const unreadable: DroppedEntry = {
  name: 'gone.png',
  isDirectory: false,
  file: (_, fail) => fail(new DOMException('gone', 'NotFoundError')),
};

const namesOf = ({ files }: { readonly files: readonly File[] }) => files.map(({ name }) => name);

test('Pictures of folders and of folders in them are taken, and the rest is counted', async () => {
  const inner = folderEntry('inner', [fileEntry('b.jpg'), fileEntry('.DS_Store')]);
  const folder = folderEntry('holiday', [fileEntry('a.png'), inner, fileEntry('notes.txt')]);
  const dropped = await readDropped([folder, fileEntry('c.webp')]);
  expect(namesOf(dropped)).toEqual(['a.png', 'b.jpg', 'c.webp']);
  expect(dropped.remark).toBe('2 files that are no pictures were left out.');
});

test('A file that is no picture is taken by itself, so that its row says why it is refused', async () => {
  const dropped = await readDropped([fileEntry('notes.txt', 'text/plain')]);
  expect(namesOf(dropped)).toEqual(['notes.txt']);
  expect(dropped.remark).toBe('');
});

test('A folder without pictures is refused with a sentence', async () => {
  const folder = folderEntry('papers', [fileEntry('a.pdf', 'application/pdf')]);
  const dropped = await readDropped([folder]);
  expect(dropped).toEqual({ files: [], remark: 'There are no pictures in “papers”.' });
});

test('What cannot be read is told, and the rest is taken', async () => {
  const dropped = await readDropped([unreadable, fileEntry('a.png')]);
  expect(namesOf(dropped)).toEqual(['a.png']);
  expect(dropped.remark).toBe('1 file or folder could not be read.');
});

test('A very large folder is taken up to a bound', async () => {
  const many = Array.from({ length: mostFiles + 250 }, (_, index) => fileEntry(`${index}.png`));
  const dropped = await readDropped([folderEntry('all', many)]);
  expect(dropped.files.length).toBe(mostFiles);
  expect(dropped.remark).toContain(`Only the first ${mostFiles} pictures were taken`);
});
