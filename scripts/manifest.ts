import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
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
  if (!place.includes('://')) return ok(await createManifest(place));
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
async function createManifest(path: string): Promise<Manifest> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.part`;
  const stream = createWriteStream(unfinished);
  await once(stream, 'open');
  let separator = '[\n';
  const write = async (text: string) => {
    if (!stream.write(text)) await once(stream, 'drain');
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
      stream.end(separator === '[\n' ? '[]\n' : '\n]\n');
      await once(stream, 'close');
      await rename(unfinished, path);
      return ok(undefined);
    },
  };
}
