import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Outcome } from '../core/indexer.ts';

/** What became of every file of a run, as a JSON array. */
export interface Manifest {
  add(outcomes: readonly Outcome[]): Promise<void>;
  /** The file appears whole under its name, or not at all. */
  finish(): Promise<void>;
}

/** Written as it goes, so that ten million files need no ten million lines of memory. */
export async function createManifest(path: string): Promise<Manifest> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.part`;
  const stream = createWriteStream(unfinished);
  await once(stream, 'open');
  let separator = '[\n';
  const write = async (text: string) => {
    if (!stream.write(text)) await once(stream, 'drain');
  };
  return {
    async add(outcomes) {
      for (const outcome of outcomes) {
        await write(separator + JSON.stringify(outcome));
        separator = ',\n';
      }
    },
    async finish() {
      stream.end(separator === '[\n' ? '[]\n' : '\n]\n');
      await once(stream, 'close');
      await rename(unfinished, path);
    },
  };
}
