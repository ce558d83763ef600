import { constants, platform, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import type { FromWorker, Start, TensorInfo, ToWorker } from './onnx-session.ts';

// One session in a thread of its own: onnxruntime-node computes on the thread that calls it.
env.logLevel = 'error';
const port = parentPort;
if (!port) throw new Error('Cannot start as this is not a worker thread');
const { path, options, background } = workerData as Start;

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

async function open(): Promise<InferenceSession | undefined> {
  try {
    const session = await InferenceSession.create(path, options);
    const { inputMetadata, outputMetadata } = session;
    const [inputs, outputs] = [inputMetadata.map(toInfo), outputMetadata.map(toInfo)];
    send({ kind: 'ready', inputs, outputs });
    return session;
  } catch (error) {
    send({ kind: 'failed', message: describe(error) });
    return undefined;
  }
}

const session = await open();

async function handle(message: ToWorker): Promise<void> {
  if (message.kind === 'close') {
    await session?.release();
    port?.close();
    return;
  }
  try {
    const feeds = Object.fromEntries(
      message.feeds.map(({ name, type, data, shape }) => [name, new Tensor(type, data, shape)]),
    );
    const outputs = await session?.run(feeds, [message.output]);
    const tensor = outputs?.[message.output];
    if (!(tensor?.data instanceof Float32Array)) throw new Error('the output is not float32');
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
