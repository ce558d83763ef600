import { open, truncate } from 'node:fs/promises';
import v8 from 'node:v8';
import { crc32 } from 'node:zlib';
import type { Documents } from './embedded-documents.ts';

/** One write: what came in or what went. */
export type Change = { readonly upsert: Documents } | { readonly remove: readonly string[] };

/** A file that every change is appended to, each as length, checksum and content. */
export interface Journal {
  /** How long the file is. */
  bytes(): number;
  /** Resolves when a killed process would no longer lose the change. */
  append(change: Change): Promise<void>;
  close(): Promise<void>;
}

const headerBytes = 8;

/** Applies the changes of an earlier process and goes on behind them. The file may be absent. */
export async function openJournal(
  file: string,
  replay: (change: Change) => Promise<void>,
): Promise<Journal> {
  let end = await replayAll(file, replay);
  // What is behind the last whole change was cut off, and never acknowledged.
  await truncate(file, end);
  const handle = await open(file, 'a');
  return {
    bytes: () => end,
    async append(change) {
      const content = v8.serialize(change);
      const header = Buffer.alloc(headerBytes);
      header.writeUInt32LE(content.length, 0);
      header.writeUInt32LE(crc32(content), 4);
      await handle.appendFile(Buffer.concat([header, content]));
      end += headerBytes + content.length;
    },
    close: () => handle.close(),
  };
}

/** Where the last whole change ends. */
async function replayAll(file: string, replay: (change: Change) => Promise<void>): Promise<number> {
  const handle = await open(file, 'a+');
  try {
    const { size } = await handle.stat();
    let position = 0;
    for (;;) {
      const header = Buffer.alloc(headerBytes);
      await handle.read(header, 0, headerBytes, position);
      const length = header.readUInt32LE(0);
      if (length === 0 || position + headerBytes + length > size) return position;
      const content = Buffer.alloc(length);
      await handle.read(content, 0, length, position + headerBytes);
      if (crc32(content) !== header.readUInt32LE(4)) return position;
      await replay(v8.deserialize(content) as Change);
      position += headerBytes + length;
    }
  } finally {
    await handle.close();
  }
}
