import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { abortFailure, type Async } from '../core/failure.ts';
import { err } from '../core/result.ts';

export interface TurnOptions {
  readonly signal?: AbortSignal | undefined;
  /** After this long without a sign of life another process's turn counts as over. */
  readonly staleMs?: number;
  /** Called once, when there is somebody to wait for. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Runs one piece of work at a time among all processes that name the same file, and waits for the
 * others. The file is touched while the work lasts: unlike a process id alone, that is also right
 * between containers which share a volume and are all process 1.
 */
export async function withTurn<T>(
  path: string,
  work: () => Async<T>,
  { signal, staleMs = 10_000, onWait }: TurnOptions = {},
): Async<T> {
  const name = `${process.pid} ${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  for (let waits = 0; !(await take(path, name));) {
    if (await isOver(path, staleMs)) {
      await clear(path);
      continue;
    }
    if (waits === 0) onWait?.();
    waits += 1;
    await wait(Math.min(200, staleMs / 4), undefined, signal ? { signal } : {}).catch(() => {});
    if (signal?.aborted === true) return err(abortFailure(signal));
  }
  const sign = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, staleMs / 5);
  try {
    return await work();
  } finally {
    clearInterval(sign);
    if ((await holderOf(path)) === name) await rm(path, { force: true });
  }
}

async function take(path: string, name: string): Promise<boolean> {
  try {
    await using file = await open(path, 'wx');
    await file.writeFile(name);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Its process is gone, or has given no sign for long (its id may be another's by now). */
async function isOver(path: string, staleMs: number): Promise<boolean> {
  const [holder, stats] = await Promise.all([holderOf(path), stat(path).catch(() => undefined)]);
  if (stats === undefined) return false;
  if (Date.now() - stats.mtimeMs > staleMs) return true;
  const pid = Number.parseInt(holder, 10);
  return Number.isInteger(pid) && !isAlive(pid);
}

/** Moves the file away first, so that of two that wait only one clears it. */
async function clear(path: string): Promise<void> {
  const away = `${path}.${randomUUID()}`;
  await rename(path, away).catch(() => {});
  await rm(away, { force: true });
}

function holderOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
