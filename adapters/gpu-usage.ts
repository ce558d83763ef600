import { execFile } from 'node:child_process';
import type { Logger } from '../core/ports.ts';

/** What the GPUs of this process do, together. A number that the driver does not know is left out. */
export interface GpuUsage {
  /** Of the time since it was last asked, at most a second. */
  readonly busyPercent: number | undefined;
  readonly memoryUsedBytes: number | undefined;
  readonly memoryTotalBytes: number | undefined;
}

export interface GpuWatch {
  /** As it was the last time; `undefined` where the driver's tool is missing, fails or hangs. */
  read(): GpuUsage | undefined;
  close(): void;
}

export interface GpuWatchOptions {
  readonly logger: Pick<Logger, 'warn'>;
  /** The driver's tool: NVIDIA's container toolkit lays it in every container that has a GPU. */
  readonly command?: string;
  readonly everyMs?: number;
  /** A GPU that fell off the bus hangs the tool. */
  readonly timeoutMs?: number;
}

const columns = 3;
const asked = [
  '--query-gpu=utilization.gpu,memory.used,memory.total',
  '--format=csv,noheader,nounits',
];

/** Asks the driver every ten seconds. What fails is said once, until it works again. */
export function watchGpu(options: GpuWatchOptions): GpuWatch {
  const { logger, command = 'nvidia-smi', everyMs = 10_000, timeoutMs = 5000 } = options;
  const end = new AbortController();
  let usage: GpuUsage | undefined;
  let timer: NodeJS.Timeout | undefined;
  let silent = false;

  function tell(known: GpuUsage | undefined, why: Readonly<Record<string, unknown>>): void {
    if (end.signal.aborted) return;
    usage = known;
    if (known === undefined && !silent) logger.warn(why, 'Cannot tell how busy the GPU is');
    silent = known === undefined;
  }

  function look(): void {
    const child = execFile(command, asked, { signal: end.signal }, (err, output) => {
      clearTimeout(deadline);
      tell(err === null ? parseGpuUsage(output) : undefined, { command, err, output });
      timer = setTimeout(look, everyMs).unref();
    });
    // One that hangs in the driver does not even go by SIGKILL: no other is started beside it.
    const deadline = setTimeout(() => {
      tell(undefined, { command, timeoutMs });
      child.kill('SIGKILL');
    }, timeoutMs).unref();
    child.unref();
  }

  look();
  return {
    read: () => usage,
    close() {
      clearTimeout(timer);
      end.abort();
      usage = undefined;
    },
  };
}

/** Reads a line for every GPU, such as `37, 1024, 23034`: percent, MiB, MiB. `undefined`: not one. */
export function parseGpuUsage(output: string): GpuUsage | undefined {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map((line) => line.split(',').map((cell) => parseCell(cell)));
  if (rows.length === 0 || rows.some((row) => row.length !== columns)) return undefined;
  const [busy, used, total] = [0, 1, 2].map((column) => sumOf(rows.map((row) => row[column])));
  if (busy === undefined && used === undefined && total === undefined) return undefined;
  return {
    busyPercent: busy === undefined ? undefined : busy / rows.length,
    memoryUsedBytes: used === undefined ? undefined : used * 2 ** 20,
    memoryTotalBytes: total === undefined ? undefined : total * 2 ** 20,
  };
}

/** `[N/A]`, `[Not Supported]` and whatever else is no number: not known. */
function parseCell(cell: string): number | undefined {
  return /^\s*\d+(\.\d+)?\s*$/.test(cell) ? Number(cell) : undefined;
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}
