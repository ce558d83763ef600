import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Async, Failure } from '../core/failure.ts';
import type { Outcome } from '../core/indexer.ts';
import { ok, type Result } from '../core/result.ts';
import { wrongArgument } from './command.ts';

/** What became of every file of a run. */
export interface Manifest {
  /** A path, or `s3://bucket/key`. */
  readonly location: string;
  add(outcomes: readonly Outcome[]): Promise<void>;
  /** The file appears whole under its name, or not at all. */
  finish(): Async<void>;
}

/** A JSON array in a file; JSON Lines where the place is `s3://bucket/key`. */
export async function openManifest(
  place: string,
  env = process.env,
): Promise<Result<Manifest, Failure>> {
  if (!place.includes('://')) return createManifest(place);
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(place) ?? [];
  if (bucket === undefined || key === undefined) {
    return wrongArgument(`--manifest must be a file or s3://bucket/key: ${place}`);
  }
  const [{ createS3Client, needsPathStyle }, { createS3Lines }] = await Promise.all([
    import('../adapters/s3-client.ts'),
    import('../adapters/s3-lines.ts'),
  ]);
  return ok(
    createS3Lines({ client: createS3Client({ pathStyle: needsPathStyle(env) }), bucket, key }),
  );
}

/** Written as it goes, so that ten million files need no ten million lines of memory. */
async function createManifest(path: string): Async<Manifest> {
  if (await isFolder(path)) return cannotWrite(path, 'it is a folder');
  const unfinished = `${path}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const stream = createWriteStream(unfinished);
    await once(stream, 'open');
    return ok(toManifest(path, unfinished, stream));
  } catch (cause) {
    return cannotWrite(path, cause);
  }
}

function toManifest(path: string, unfinished: string, stream: WriteStream): Manifest {
  // Told by the end, as the run goes on: the index is more than its manifest.
  let broken: unknown;
  stream.on('error', (cause) => {
    broken = cause;
  });
  let separator = '[\n';
  const write = async (text: string) => {
    if (broken !== undefined || stream.write(text)) return;
    await once(stream, 'drain').catch(() => undefined);
  };
  return {
    location: path,
    async add(outcomes) {
      for (const outcome of outcomes) {
        await write(separator + JSON.stringify(outcome));
        separator = ',\n';
      }
    },
    async finish() {
      try {
        stream.end(separator === '[\n' ? '[]\n' : '\n]\n');
        if (!stream.closed) await once(stream, 'close');
        if (broken !== undefined) return cannotWrite(path, broken);
        await rename(unfinished, path);
        return ok(undefined);
      } catch (cause) {
        return cannotWrite(path, cause);
      }
    },
  };
}

function cannotWrite(path: string, cause: unknown): Result<never, Failure> {
  return wrongArgument(`the manifest cannot be written (${String(cause)}): ${path}`);
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
