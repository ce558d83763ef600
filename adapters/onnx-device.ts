import { existsSync } from 'node:fs';
import type { Tower } from './model-directory.ts';
import type { Start } from './onnx-session.ts';

/** Where a graph runs. */
export type Device = 'cpu' | 'cuda';

/** A GPU that this process may use, whether or not CUDA can be loaded: NVIDIA's driver is there. */
export function findGpu(): boolean {
  // The second is how a Linux inside Windows sees the GPU.
  return existsSync('/dev/nvidiactl') || existsSync('/dev/dxg');
}

/**
 * A short text is a hundred small operators: threads that wait awake for the next one win a tenth to
 * a fifth of the time when queries come one after the other. They sleep a millisecond later, or when
 * the run ends: an idle service must not hold a core.
 */
const spinWithinRuns = {
  intra_op: { allow_spinning: '1', spin_duration_us: '1000' },
  force_spinning_stop: '1',
} as const;

/** Pictures keep the threads busy by themselves, and should leave the cores to texts. */
const neverSpin = { intra_op: { allow_spinning: '0' } } as const;

/** How a tower's session is opened on a device. */
export function sessionOn(
  device: Device,
  tower: Tower,
  threads: number,
): Pick<Start, 'options' | 'mustRunOn' | 'background'> {
  const options = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    extra: { session: tower === 'text' ? spinWithinRuns : neverSpin },
  } as const;
  const background = tower === 'image';
  if (device === 'cpu') return { options: { ...options, executionProviders: ['cpu'] }, background };
  return {
    background,
    options: { ...options, executionProviders: ['cuda', 'cpu'] },
    mustRunOn: 'CUDAExecutionProvider',
  };
}
