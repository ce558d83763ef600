import { Worker } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-node';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { createGate } from '../core/gate.ts';

/** A name, an element type and a shape, where a string stands for a size that may vary. */
export interface TensorInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

export interface Feed {
  readonly name: string;
  readonly type: 'int32' | 'int64' | 'float32' | 'float16';
  /** Moved to the session's thread: empty afterwards. */
  readonly data:
    | Int32Array<ArrayBuffer>
    | BigInt64Array<ArrayBuffer>
    | Float32Array<ArrayBuffer>
    | Float16Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** An output of float32 or float16. */
export interface SessionOutput {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** One loaded graph, in a thread of its own. */
export interface OnnxSession {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /**
   * One run at a time, first come first served.
   * Fails with `encoder_unavailable`, `overloaded`, `timeout` and `cancelled`.
   */
  run(feeds: readonly Feed[], output: string, signal?: AbortSignal): Async<SessionOutput>;
  /** Its thread has died: every run fails from now on. */
  hasEnded(): boolean;
  /** Waits for the run under way, then frees the graph; runs that wait fail. */
  close(): Promise<void>;
}

export interface Start {
  readonly path: string;
  readonly options: InferenceSession.SessionOptions;
  /** Gives way to the process's other threads when the cores are short. */
  readonly background?: boolean;
  /**
   * The execution provider that must run most of the graph, such as `CUDAExecutionProvider`: the
   * first run is profiled, and fails when another ran it. The runtime itself falls back in silence.
   */
  readonly mustRunOn?: string;
}

export type ToWorker =
  | { readonly kind: 'run'; readonly feeds: readonly Feed[]; readonly output: string }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'ready'; readonly inputs: TensorInfo[]; readonly outputs: TensorInfo[] }
  | ({ readonly kind: 'output' } & SessionOutput)
  | { readonly kind: 'failed'; readonly message: string };

const maxWaitingRuns = 256;

/** @returns Fails with `invalid_model` when the graph cannot be loaded. */
export async function openOnnxSession(start: Start): Async<OnnxSession> {
  const url = new URL('./onnx-session-worker.ts', import.meta.url);
  const worker = new Worker(url, {
    workerData: start,
    // Of the process's own arguments some make a thread fail, such as --input-type.
    execArgv: [],
    // It only hands tensors on: more would be garbage that waits for its collection.
    resourceLimits: { maxYoungGenerationSizeMb: 6 },
  });
  const answer = createAnswer(worker);
  const ready = await answer();
  if (ready.ok && ready.value.kind === 'ready') {
    const { inputs, outputs } = ready.value;
    return ok({ inputs, outputs, ...createRuns(worker, answer) });
  }
  const detail = `Cannot load the model as its graph cannot be read; pull the model again: ${start.path}`;
  return err(failure('invalid_model', detail, { cause: describe(ready) }));
}

function createRuns(
  worker: Worker,
  answer: Answer,
): Pick<OnnxSession, 'run' | 'hasEnded' | 'close'> {
  const lane = createGate({ capacity: 1, maxWaiting: maxWaitingRuns });
  let closing: Promise<void> | undefined;

  async function run(feeds: readonly Feed[], output: string): Async<SessionOutput> {
    const answered = answer();
    const message: ToWorker = { kind: 'run', feeds, output };
    worker.postMessage(message, [...new Set(feeds.map(({ data }) => data.buffer))]);
    const result = await answered;
    if (result.ok && result.value.kind === 'output') return ok(result.value);
    const detail = 'Cannot encode as the model failed to run: see the log';
    return err(failure('encoder_unavailable', detail, { cause: describe(result) }));
  }

  async function release(): Promise<void> {
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    if (worker.threadId === -1) return;
    worker.ref();
    worker.postMessage({ kind: 'close' } satisfies ToWorker, []);
    await exit;
  }

  return {
    run(feeds, output, signal) {
      const task = (): Async<SessionOutput> =>
        closing ? Promise.resolve(err(closed())) : run(feeds, output);
      return closing ? task() : lane.run(1, task, signal);
    },
    // A thread that has ended has this for its id.
    hasEnded: () => worker.threadId === -1,
    close: () => (closing ??= release()),
  };
}

type Answer = () => Promise<Result<FromWorker, Error>>;

/**
 * One answer at a time. While one is due the thread keeps the process alive, otherwise not: a
 * script that forgets to close still ends.
 */
function createAnswer(worker: Worker): Answer {
  let settle: ((result: Result<FromWorker, Error>) => void) | undefined;
  let ended: Error | undefined;
  function end(error: Error): void {
    ended ??= error;
    settle?.(err(ended));
  }
  worker.on('message', (message: FromWorker) => settle?.(ok(message)));
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => end(new Error(`the session's thread has ended: ${code}`)));
  return async () => {
    if (ended) return err(ended);
    worker.ref();
    const result = await new Promise<Result<FromWorker, Error>>((resolve) => {
      settle = resolve;
    });
    worker.unref();
    return result;
  };
}

function describe(result: Awaited<ReturnType<Answer>>): Error {
  if (!result.ok) return result.error;
  return new Error(result.value.kind === 'failed' ? result.value.message : 'an answer out of turn');
}

function closed(): Failure {
  return failure(
    'encoder_unavailable',
    'Cannot encode as the encoder is closed: close() was called',
  );
}
