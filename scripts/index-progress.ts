import type { Progress } from './progress.ts';

const lineIntervalMs = 5000;
const redrawMs = 100;

/**
 * How far work is whose length nobody knows: the count and the rate. Counting a large bucket
 * beforehand takes as long as listing it.
 */
export function createCount(label: string, stream = process.stderr): Progress {
  const start = performance.now();
  const intervalMs = stream.isTTY ? redrawMs : lineIntervalMs;
  let last = start - intervalMs;
  let done = 0;
  const show = () => {
    const seconds = (performance.now() - start) / 1000;
    const rate = seconds === 0 ? 0 : done / seconds;
    const text = `${label} ${done.toLocaleString('en')}, ${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`;
    stream.write(stream.isTTY ? `\r${text}\u001B[K` : `${text}\n`);
  };
  return {
    advance(count) {
      done += count;
      const now = performance.now();
      if (now - last < intervalMs) return;
      last = now;
      show();
    },
    stop() {
      if (!stream.isTTY) return;
      show();
      stream.write('\n');
    },
  };
}
