import { existsSync } from 'node:fs';
import type { Start } from './onnx-session.ts';

/** Where a graph runs. */
export type Device = 'cpu' | 'cuda';

/** A GPU that this process may use, whether or not CUDA can be loaded: NVIDIA's driver is there. */
export function findGpu(): boolean {
  // The second is how a Linux inside Windows sees the GPU.
  return existsSync('/dev/nvidiactl') || existsSync('/dev/dxg');
}

/** How a tower's session is opened on a device. */
export function sessionOn(device: Device, threads: number): Pick<Start, 'options' | 'mustRunOn'> {
  const options = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    // Threads that spin for their next task win half a millisecond and hold a core for it.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  } as const;
  if (device === 'cpu') return { options: { ...options, executionProviders: ['cpu'] } };
  return {
    options: { ...options, executionProviders: ['cuda', 'cpu'] },
    mustRunOn: 'CUDAExecutionProvider',
  };
}
