import { Presets, SingleBar } from 'cli-progress';

/** How far long work is: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  advance(count: number): void;
  stop(): void;
}

const lineIntervalMs = 5000;

type Show = (count: number) => string;

/** @param show How a count is written, such as bytes as `12 MB`; the rate is written with it too. */
export function createProgress(label: string, total: number, show?: Show): Progress {
  return process.stderr.isTTY ? createBar(label, total, show) : createLines(label, total, show);
}

function createBar(label: string, total: number, show: Show = String): Progress {
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}% | {shown}/${show(total)} | {rate}/s | {left} left`,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  const start = performance.now();
  bar.start(total, 0, { shown: show(0), rate: '-', left: '-' });
  let done = 0;
  return {
    advance(count) {
      done += count;
      if (done === 0) return;
      bar.update(done, {
        shown: show(done),
        rate: rateSince(start, done, show),
        left: timeLeft(start, done, total),
      });
    },
    stop: () => bar.stop(),
  };
}

function createLines(label: string, total: number, show: Show = String): Progress {
  const start = performance.now();
  let lastLine = start;
  let done = 0;
  return {
    advance(count) {
      done += count;
      const now = performance.now();
      if (now - lastLine < lineIntervalMs && done < total) return;
      lastLine = now;
      const rate = rateSince(start, done, show);
      process.stderr.write(`${label} ${show(done)}/${show(total)}, ${rate}/s\n`);
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

function rateSince(start: number, done: number, show: Show): string {
  const seconds = (performance.now() - start) / 1000;
  if (seconds === 0) return '-';
  const rate = done / seconds;
  return show(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate));
}
