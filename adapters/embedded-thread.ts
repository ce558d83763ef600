import { Worker } from 'node:worker_threads';
import type { Async, Failure } from '../core/failure.ts';
import { type Result, err, ok } from '../core/result.ts';
import { type Engine, type Size, unavailable } from './embedded-engine.ts';
import type { Manifest } from './embedded-files.ts';
import type { Place } from './embedded-opening.ts';
import { widenPool } from './embedded-pool.ts';

/** What is known of a collection that was opened. */
export interface Opened {
  readonly size: Size;
  readonly effort: Manifest['effort'];
  /** `serializeSearchSpace`; undefined: none. */
  readonly space: Uint8Array | undefined;
}

export interface Call {
  readonly id: number;
  readonly method: keyof Engine;
  readonly args: readonly unknown[];
}

/** With the id of the call; 0 for the opening. */
export interface Answer {
  readonly id: number;
  readonly result: Result<unknown, Failure>;
}

type Settle = (result: Result<unknown, Failure>) => void;

/**
 * An engine in a thread of its own: zvec's writes, and the opening and closing of its files, block the
 * thread that they are on, for up to hundreds of milliseconds.
 */
export async function openEngineThread(
  place: Place,
): Async<{ readonly engine: Engine; readonly opened: Opened }> {
  widenPool();
  const url = new URL('./embedded-worker.ts', import.meta.url);
  // Of the process's own arguments some make a thread fail, such as --input-type.
  const worker = new Worker(url, { workerData: place, execArgv: [] });
  const expected = createExpected(worker);
  const opened = (await expected.answer(0)) as Result<Opened, Failure>;
  if (!opened.ok) return opened;
  let calls = 0;
  const call = (method: keyof Engine, ...args: unknown[]) => {
    const id = ++calls;
    const answer = expected.answer(id);
    worker.postMessage({ id, method, args } satisfies Call, []);
    return answer;
  };
  return ok({ engine: createRemoteEngine(worker, call), opened: opened.value });
}

function createRemoteEngine(
  worker: Worker,
  call: (method: keyof Engine, ...args: unknown[]) => Promise<Result<unknown, Failure>>,
): Engine {
  const typed = <M extends keyof Engine>(method: M) =>
    ((...args: unknown[]) => call(method, ...args)) as Engine[M];
  const close = typed('close');
  return {
    search: typed('search'),
    look: typed('look'),
    size: typed('size'),
    write: typed('write'),
    optimize: typed('optimize'),
    moveTo: typed('moveTo'),
    setEffort: typed('setEffort'),
    async close() {
      const exit = new Promise((resolve) => worker.once('exit', resolve));
      const closed = await close();
      if (worker.threadId === -1) return closed;
      worker.ref();
      await exit;
      return closed;
    },
  };
}

/**
 * Answers that are due. While there are some the thread keeps the process alive, otherwise not: a
 * script that forgets to close still ends.
 */
function createExpected(worker: Worker) {
  const due = new Map<number, Settle>();
  let ended: Failure | undefined;
  function end(cause: unknown): void {
    ended ??= unavailable('its thread has ended', cause);
    for (const settle of due.values()) settle(err(ended));
    due.clear();
  }
  worker.on('message', ({ id, result }: Answer) => {
    due.get(id)?.(result);
    due.delete(id);
    if (due.size === 0) worker.unref();
  });
  worker.on('error', end);
  worker.on('exit', (code) => end(new Error(`exit code ${code}`)));
  return {
    async answer(id: number): Promise<Result<unknown, Failure>> {
      if (ended) return err(ended);
      if (due.size === 0) worker.ref();
      return new Promise((resolve) => due.set(id, resolve));
    },
  };
}
