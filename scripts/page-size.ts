import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface PageFile {
  /** Within the folder of the page, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

export interface PageSize {
  readonly files: readonly PageFile[];
  /** Of all scripts together. */
  readonly scriptBytes: number;
  readonly scriptGzipBytes: number;
}

/** How large a built page is, as it is and compressed for the way. */
export async function measurePage(folder: string): Promise<PageSize> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    found
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }): Promise<PageFile> => {
        const bytes = await readFile(join(parentPath, name));
        const path = join(parentPath, name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/');
        const { length } = await promisify(gzip)(bytes);
        return { path, bytes: bytes.length, gzipBytes: length };
      }),
  );
  const scripts = files.filter(({ path }) => path.endsWith('.js'));
  return {
    files: files.toSorted((a, b) => a.path.localeCompare(b.path)),
    scriptBytes: scripts.reduce((sum, { bytes }) => sum + bytes, 0),
    scriptGzipBytes: scripts.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0),
  };
}
