import { constants, platform, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { createRunProof } from './onnx-run-proof.ts';
import type { Feed, FromWorker, Start, TensorInfo, ToWorker } from './onnx-session.ts';

// One session in a thread of its own: onnxruntime-node computes on the thread that calls it.
env.logLevel = 'error';
const port = parentPort;
if (!port) throw new Error('Cannot start as this is not a worker thread');
const { path, options, background, mustRunOn } = workerData as Start;
const proof = mustRunOn === undefined ? undefined : createRunProof(mustRunOn);

// On Linux 0 is this thread, whose priority the session's own threads inherit; elsewhere it would be
// the whole process.
if (background && platform() === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function toInfo(value: InferenceSession.ValueMetadata): TensorInfo {
  return value.isTensor
    ? { name: value.name, type: value.type, shape: [...value.shape] }
    : { name: value.name, type: 'none', shape: [] };
}

function toTensor({ type, data, shape }: Feed): Tensor {
  if (!(data instanceof Float16Array)) return new Tensor(type, data, shape);
  // The native side sees no bytes in a Float16Array: it is given the same bits under another name.
  const bits = new Uint16Array(data.buffer, data.byteOffset, data.length);
  return Object.assign(new Tensor('uint16', bits, shape), { type });
}

async function open(): Promise<InferenceSession | undefined> {
  try {
    const session = await InferenceSession.create(path, { ...options, ...proof?.options });
    const { inputMetadata, outputMetadata } = session;
    const [inputs, outputs] = [inputMetadata.map(toInfo), outputMetadata.map(toInfo)];
    send({ kind: 'ready', inputs, outputs });
    return session;
  } catch (error) {
    proof?.discard();
    send({ kind: 'failed', message: describe(error) });
    return undefined;
  }
}

const session = await open();

async function handle(message: ToWorker): Promise<void> {
  if (message.kind === 'close') {
    await session?.release();
    proof?.discard();
    port?.close();
    return;
  }
  try {
    const feeds = Object.fromEntries(message.feeds.map((feed) => [feed.name, toTensor(feed)]));
    const outputs = await session?.run(feeds, [message.output]);
    const tensor = outputs?.[message.output];
    if (session) proof?.check(session);
    if (!(tensor?.data instanceof Float32Array || tensor?.data instanceof Float16Array)) {
      throw new Error('the output is neither float32 nor float16');
    }
    // A copy of the vectors alone: they are small, and the runtime's memory is free at once.
    const data = Float32Array.from(tensor.data);
    tensor.dispose();
    send({ kind: 'output', data, shape: [...tensor.dims] }, [data.buffer]);
  } catch (error) {
    send({ kind: 'failed', message: describe(error) });
  }
}

// Closing waits for the run before it: to free a session under a run is undefined.
let last = Promise.resolve();
port.on('message', (message: ToWorker) => {
  last = last.then(() => handle(message));
});
if (!session) port.close();
