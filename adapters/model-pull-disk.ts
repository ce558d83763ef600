import { type Failure, failure } from '../core/failure.ts';

/** What a failed file operation means to the person who pulls. A bug stays a bug. */
export function explainDisk(error: unknown, path: string): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined) throw error;
  const why =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'the disk is full; make room and run it again to go on'
      : `a file cannot be read or written (${code}); mend that or choose another DATA_DIR`;
  return failure('model_unavailable', `Cannot pull the model as ${why}: ${path}`, { cause: error });
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'] as const;
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${value.toFixed(step > 0 && value < 10 ? 1 : 0)} ${units[step] ?? ''}`;
}
