import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What the files below a folder take on the disk; 0 where there is none. A file of two names counts once. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const counted = new Set<number>();
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const info = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (info === undefined || counted.has(info.ino)) continue;
    counted.add(info.ino);
    bytes += info.blocks * 512;
  }
  return bytes;
}
