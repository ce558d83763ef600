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
      format: `${label} {bar} {percentage}% | {value}/{total} | {rate}/s | {eta_formatted} left`,
      etaBuffer: 50,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  const start = performance.now();
  bar.start(total, 0, { rate: '-' });
  let done = 0;
  return {
    advance(count) {
      done += count;
      bar.update(done, { rate: rateSince(start, done) });
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

function rateSince(start: number, done: number): string {
  const seconds = (performance.now() - start) / 1000;
  return seconds === 0 ? '-' : (done / seconds).toFixed(done / seconds < 10 ? 1 : 0);
}
