import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { describeMachine } from './machine.ts';
import { parseCount, runCommand } from './command.ts';
import { makePicture } from './pipeline-bench.ts';
import { createProgress } from './progress.ts';

const help = `Measure indexing: makes pictures, indexes them in a process of its own, and watches its memory.

  npm run benchmark:indexing -- [options]

  --count <n>     how many pictures (10000); JPEG, 640 × 480
  --json <file>   also write the numbers, with machine and versions
  --help          this text

Reads /proc: Linux only.
`;

interface Sample {
  readonly pictures: number;
  readonly residentMb: number;
}

interface Run {
  readonly samples: readonly Sample[];
  readonly seconds: number;
}

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: 'string', default: '10000' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const count = parseCount('count', values.count, { min: 1, max: 1_000_000 });
  if (!count.ok) return count;
  const folder = await mkdtemp(join(os.tmpdir(), 'benchmark-indexing-'));
  try {
    await makePictures(join(folder, 'pictures'), count.value);
    const run = summarize(await measure(folder), count.value);
    process.stdout.write(`${JSON.stringify(run, null, 2)}\n`);
    if (values.json !== undefined) {
      const result = { command: 'benchmark:indexing', ...run, ...describeMachine() };
      await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return ok(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function makePictures(folder: string, count: number): Promise<void> {
  await mkdir(folder);
  const progress = createProgress('Making', count);
  for (let n = 0; n < count; n += 1) {
    await writeFile(join(folder, `${n}.jpg`), await makePicture(n));
    progress.advance(1);
  }
  progress.stop();
}

async function measure(folder: string): Promise<Run> {
  const script = join(import.meta.dirname, 'index.ts');
  const child = spawn(process.execPath, [script, join(folder, 'pictures')], {
    env: { ...process.env, DATA_DIR: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const finished = once(child, 'exit');
  const samples: Sample[] = [];
  const start = performance.now();
  while (child.exitCode === null) {
    const sample = await takeSample(folder, child.pid ?? 0);
    if (sample !== undefined) samples.push(sample);
    await Promise.race([finished, pause(250)]);
  }
  const seconds = (performance.now() - start) / 1000;
  return { samples, seconds };
}

async function takeSample(folder: string, pid: number): Promise<Sample | undefined> {
  const [status, manifest] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''),
    readFile(join(folder, 'manifest.json.part'), 'utf8').catch(() => ''),
  ]);
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(status) ?? [];
  if (kilobytes === undefined) return undefined;
  return {
    pictures: Math.max(manifest.split('\n').length - 1, 0),
    residentMb: Math.round(Number(kilobytes) / 1024),
  };
}

function summarize({ samples, seconds }: Run, count: number) {
  const maxOf = (some: readonly Sample[]) => Math.max(0, ...some.map((one) => one.residentMb));
  const early = maxOf(samples.filter(({ pictures }) => pictures <= 1000));
  const later = maxOf(samples.filter(({ pictures }) => pictures > 1000));
  const steps = Array.from({ length: 10 }, (_, step) => Math.round((count * (step + 1)) / 10));
  const residentMbAt = steps.map((pictures) => {
    const sample = samples.find((one) => one.pictures >= pictures * 0.95);
    return [pictures, sample?.residentMb ?? null] as const;
  });
  return {
    pictures: count,
    seconds: Math.round(seconds * 10) / 10,
    picturesPerSecond: Math.round(count / seconds),
    maxResidentMbInFirst1000: early,
    maxResidentMbAfter: later,
    growthMb: later === 0 ? null : later - early,
    residentMbAt: Object.fromEntries(residentMbAt),
  };
}
