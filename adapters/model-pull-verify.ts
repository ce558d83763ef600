import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { filesOf, type ModelFile } from './model-directory.ts';
import { readLock } from './model-pull-lock.ts';
import { directoryOf, readInstalled } from './model-pull-state.ts';
import type { RegisteredModel } from './model-registry.ts';

export interface VerifyOptions {
  readonly model: RegisteredModel;
  readonly dataDir: string;
  readonly lockPath: string;
  /** Called with how many more bytes were read. */
  readonly onBytes?: (count: number) => void;
}

export interface Verification {
  readonly files: number;
  readonly bytes: number;
  /** One sentence for each file that is not as it should be. */
  readonly problems: readonly string[];
}

/** Hashes every file of a model and compares with its `model.json` and with the lock file. */
export async function verifyModel(options: VerifyOptions): Async<Verification> {
  const { model, dataDir, lockPath, onBytes } = options;
  const { from } = model;
  const directory = 'directory' in from ? from.directory : directoryOf(dataDir, model.id);
  const installed = await readInstalled(directory);
  if (installed === undefined) {
    const detail = `Cannot verify the model as it is not here; npm run models -- pull ${model.id} brings it: ${directory}`;
    return err(failure('invalid_model', detail));
  }
  const lock = await readLock(lockPath);
  if (!lock.ok) return lock;
  const files = filesOf(installed.manifest);
  const problems: string[] = [];
  for (const file of files) {
    const found = await hashOf(join(directory, file.path), onBytes).catch(() => undefined);
    const recorded = lock.value[model.id]?.files[file.path]?.sha256;
    const problem = compare(file, found, recorded);
    if (problem !== undefined) problems.push(problem);
  }
  return ok({ files: files.length, bytes: sumOf(files), problems });
}

function compare(
  { path, bytes, sha256 }: ModelFile,
  found: { readonly bytes: number; readonly sha256: string } | undefined,
  recorded: string | undefined,
): string | undefined {
  if (found === undefined) return `${path} is missing or cannot be read`;
  if (found.bytes !== bytes) return `${path} has ${found.bytes} bytes in place of ${bytes}`;
  if (found.sha256 !== sha256) return `${path} has the hash ${found.sha256} in place of ${sha256}`;
  if (recorded === undefined || recorded === sha256) return undefined;
  return `${path} has the hash ${sha256} in place of ${recorded}, which the lock file has`;
}

async function hashOf(path: string, onBytes?: (count: number) => void) {
  const sha256 = createHash('sha256');
  let bytes = 0;
  for await (const part of createReadStream(path)) {
    sha256.update(part);
    bytes += part.length;
    onBytes?.(part.length);
  }
  return { bytes, sha256: sha256.digest('hex') };
}

function sumOf(files: readonly ModelFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
