import { Presets, SingleBar } from 'cli-progress';

/** How far long work is: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  advance(count: number): void;
  stop(): void;
}

const lineIntervalMs = 5000;

export function createProgress(label: string, total: number): Progress {
  return process.stderr.isTTY ? createBar(label, total) : createLines(label, total);
}

function createBar(label: string, total: number): Progress {
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}% | {value}/{total} | {rate}/s | {left} left`,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  const start = performance.now();
  bar.start(total, 0, { rate: '-', left: '-' });
  let done = 0;
  return {
    advance(count) {
      done += count;
      if (done === 0) return;
      bar.update(done, { rate: rateSince(start, done), left: timeLeft(start, done, total) });
    },
    stop: () => bar.stop(),
  };
}

function createLines(label: string, total: number): Progress {
  const start = performance.now();
  let lastLine = start;
  let done = 0;
  return {
    advance(count) {
      done += count;
      const now = performance.now();
      if (now - lastLine < lineIntervalMs && done < total) return;
      lastLine = now;
      process.stderr.write(`${label} ${done}/${total}, ${rateSince(start, done)}/s\n`);
    },
    stop: () => {},
  };
}

/** As `1h 5m`, `5m 3s` or `12s`, at the rate so far. */
function timeLeft(start: number, done: number, total: number): string {
  const elapsedSeconds = (performance.now() - start) / 1000;
  const seconds = Math.round((elapsedSeconds / done) * Math.max(total - done, 0));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

function rateSince(start: number, done: number): string {
  const seconds = (performance.now() - start) / 1000;
  return seconds === 0 ? '-' : (done / seconds).toFixed(done / seconds < 10 ? 1 : 0);
}
