import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { onnxFile } from '../test/support/onnx-graph.ts';

/** What this machine allows, measured: the two numbers that no run of a model can beat. */
export interface MachineRates {
  /** Billions of multiplications and additions a second in a large product of float32 matrices. */
  readonly matrixGflops: number;
  /** The same for 8-bit integers. */
  readonly int8Gops: number;
  /** Billions of bytes a second, reading far more memory than any cache holds. */
  readonly memoryGbPerSecond: number;
}

const size = 4096;
const rows = 512;
const streamed = { rows: 4096, columns: 16_384 } as const;

/** @param options Those of the sessions that are measured. */
export async function measureRates(
  options: InferenceSession.SessionOptions,
): Promise<MachineRates> {
  const directory = await mkdtemp(join(tmpdir(), 'rates-'));
  const time = async (graph: Buffer, input: Tensor): Promise<number> => {
    const path = join(directory, 'graph.onnx');
    await writeFile(path, graph);
    return await bestMs(await InferenceSession.create(path, options), input);
  };
  try {
    const operations = 2 * rows * size * size;
    const bytes = streamed.rows * streamed.columns * 4;
    return {
      matrixGflops: operations / (await time(floatProduct(), tensor(rows, size))) / 1e6,
      int8Gops: operations / (await time(integerProduct(), tensor(rows, size))) / 1e6,
      memoryGbPerSecond:
        bytes / (await time(sumOfAll(), tensor(streamed.rows, streamed.columns))) / 1e6,
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

function tensor(height: number, width: number): Tensor {
  return new Tensor('float32', new Float32Array(height * width).fill(0.5), [height, width]);
}

/** On this thread and with one tensor, so that nothing else is in the time. */
async function bestMs(session: InferenceSession, input: Tensor): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 12; turn += 1) {
    const begin = performance.now();
    await session.run({ x: input });
    times.push(performance.now() - begin);
  }
  await session.release();
  return Math.min(...times);
}

const y = { name: 'y', type: 'float32', shape: ['rows'] } as const;

function floatProduct(): Buffer {
  const data = Float32Array.from({ length: size * size }, (_, place) => (place % 13) / 7);
  return onnxFile({
    inputs: [{ name: 'x', type: 'float32', shape: ['rows', size] }],
    outputs: [{ ...y, shape: ['rows', size] }],
    constants: [{ name: 'matrix', shape: [size, size], data }],
    nodes: [{ op: 'MatMul', inputs: ['x', 'matrix'], output: 'y' }],
  });
}

function integerProduct(): Buffer {
  const data = Int8Array.from({ length: size * size }, (_, place) => (place % 100) - 50);
  return onnxFile({
    inputs: [{ name: 'x', type: 'float32', shape: ['rows', size] }],
    outputs: [{ ...y, shape: ['rows', 1] }],
    constants: [
      { name: 'matrix', shape: [size, size], data },
      { name: 'axis', shape: [1], data: BigInt64Array.of(1n) },
    ],
    nodes: [
      // Casts and sum cost a hundredth of the product, and little goes back.
      { op: 'Cast', inputs: ['x'], output: 'bytes', integers: { to: 2 } },
      { op: 'MatMulInteger', inputs: ['bytes', 'matrix'], output: 'product' },
      { op: 'ReduceSum', inputs: ['product', 'axis'], output: 'sum' },
      { op: 'Cast', inputs: ['sum'], output: 'y', integers: { to: 1 } },
    ],
  });
}

function sumOfAll(): Buffer {
  return onnxFile({
    inputs: [{ name: 'x', type: 'float32', shape: [streamed.rows, streamed.columns] }],
    outputs: [y],
    constants: [{ name: 'axis', shape: [1], data: BigInt64Array.of(1n) }],
    nodes: [{ op: 'ReduceSum', inputs: ['x', 'axis'], output: 'y', integers: { keepdims: 0 } }],
  });
}
