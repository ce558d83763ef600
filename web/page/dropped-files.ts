import { pictureType } from '../picture-type.ts';

/** What is used of a dropped file or folder, which the browser calls an entry. */
export interface DroppedEntry {
  readonly name: string;
  readonly isDirectory: boolean;
  file?(found: (file: File) => void, fail: (error: unknown) => void): void;
  createReader?(): DroppedReader;
}

interface DroppedReader {
  /** Some of the entries, and none when there are no more. */
  readEntries(
    found: (entries: readonly DroppedEntry[]) => void,
    fail: (error: unknown) => void,
  ): void;
}

export interface Dropped {
  readonly files: readonly File[];
  /** What was left out, in sentences; empty where nothing was. */
  readonly remark: string;
}

export const mostFiles = 1000;

interface Gathered {
  readonly files: File[];
  skipped: number;
  unreadable: number;
  isCut: boolean;
}

/**
 * All files that were dropped, with the pictures of folders and of the folders in them. What is no
 * picture is left out in folders alone: dropped by itself, the list of files says why it is refused.
 */
export async function readDropped(entries: readonly DroppedEntry[]): Promise<Dropped> {
  const gathered: Gathered = { files: [], skipped: 0, unreadable: 0, isCut: false };
  for (const entry of entries) await gather(entry, gathered, false);
  return { files: gathered.files, remark: remarkOn(gathered, entries) };
}

async function gather(entry: DroppedEntry, to: Gathered, isInFolder: boolean): Promise<void> {
  if (to.files.length >= mostFiles) {
    to.isCut = true;
    return;
  }
  try {
    if (entry.isDirectory) {
      for (const one of await listFolder(entry)) await gather(one, to, true);
      return;
    }
    const file = await new Promise<File>((found, fail) => entry.file?.(found, fail));
    if (isInFolder && !isPicture(file)) to.skipped += 1;
    else to.files.push(file);
  } catch {
    to.unreadable += 1;
  }
}

async function listFolder(entry: DroppedEntry): Promise<DroppedEntry[]> {
  const reader = entry.createReader?.();
  const all: DroppedEntry[] = [];
  let some: readonly DroppedEntry[] = [];
  do {
    some = await new Promise((found, fail) => reader?.readEntries(found, fail));
    all.push(...some);
  } while (some.length > 0 && all.length <= mostFiles);
  return all;
}

function isPicture({ name, type }: File): boolean {
  return !name.startsWith('.') && pictureType(name, type).startsWith('image/');
}

function remarkOn(
  { files, skipped, unreadable, isCut }: Gathered,
  entries: readonly DroppedEntry[],
): string {
  const remarks: string[] = [];
  if (files.length === 0 && unreadable === 0) {
    const isOne = entries.length === 1;
    remarks.push(
      isOne
        ? `There are no pictures in “${entries[0]?.name}”.`
        : 'There are no pictures in these folders.',
    );
  } else if (skipped > 0) {
    const what =
      skipped === 1
        ? '1 file that is no picture was'
        : `${skipped} files that are no pictures were`;
    remarks.push(`${what} left out.`);
  }
  if (unreadable > 0) {
    remarks.push(
      `${unreadable === 1 ? '1 file or folder' : `${unreadable} files or folders`} could not be read.`,
    );
  }
  if (isCut)
    remarks.push(`Only the first ${mostFiles} pictures were taken: drop the others after them.`);
  return remarks.join(' ');
}
