import { mkdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ModelFile } from './model-directory.ts';
import type { ModelHub } from './model-hub.ts';
import { formatBytes } from './model-pull-disk.ts';
import { pullFile } from './model-pull-file.ts';
import type { PullPlan } from './model-pull-plan.ts';

export interface PullProgress {
  /** Of the files that this pull is about; what an earlier one left behind counts as there. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** Bytes that can still be written to the disk of that directory. */
export type FreeBytes = (directory: string) => Promise<number>;

export interface PullFilesOptions {
  readonly hub: ModelHub;
  readonly plan: PullPlan;
  /** Where they are collected. */
  readonly partial: string;
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
  readonly freeBytes?: FreeBytes | undefined;
  readonly signal?: AbortSignal | undefined;
}

const filesAtOnce = 4;

/** Fetches and checks all files of a plan, some at a time. */
export async function pullFiles(options: PullFilesOptions): Async<ModelFile[]> {
  const { hub, plan, partial, onProgress, signal } = options;
  const { place, files } = plan;
  const room = await checkRoom(options);
  if (!room.ok) return room;
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let bytes = 0;
  const onBytes = (count: number) => {
    bytes += count;
    onProgress?.({ bytes, totalBytes });
  };
  // The largest first: the rest fits beside them.
  const queue = files.toSorted((one, other) => other.bytes - one.bytes);
  return runAtOnce(queue, signal, async (file, stop) => {
    const target = join(partial, file.path);
    const sha256 = await pullFile({ hub, place, file, target, onBytes, signal: stop });
    return sha256.ok ? ok({ path: file.path, bytes: file.bytes, sha256: sha256.value }) : sha256;
  });
}

/** The first failure ends the others: what they have stays for the next pull. */
async function runAtOnce<T, U>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Async<U>,
): Async<U[]> {
  const stop = new AbortController();
  const either = AbortSignal.any(signal ? [stop.signal, signal] : [stop.signal]);
  const queue = items.values();
  const done: U[] = [];
  let failed: Failure | undefined;
  const run = async () => {
    for (const item of queue) {
      const result: Result<U, Failure> = await work(item, either);
      if (result.ok) {
        done.push(result.value);
        continue;
      }
      failed ??= result.error;
      stop.abort();
      return;
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, run));
  return failed ? err(failed) : ok(done);
}

async function checkRoom({
  freeBytes = freeBytesOf,
  partial,
  plan,
}: PullFilesOptions): Async<void> {
  await mkdir(partial, { recursive: true });
  let needed = 0;
  for (const { path, bytes } of plan.files) {
    const size = await stat(join(partial, path)).then(
      (stats) => stats.size,
      () => 0,
    );
    needed += Math.max(bytes - size, 0);
  }
  const free = await freeBytes(partial);
  if (free >= needed) return ok(undefined);
  const detail = `Cannot pull the model as the disk has ${formatBytes(free)} left and ${formatBytes(needed)} are needed; make room or choose another DATA_DIR: ${partial}`;
  return err(failure('model_unavailable', detail));
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
