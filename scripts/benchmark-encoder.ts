import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readModelDirectory } from '../adapters/model-directory.ts';
import { sessionOn } from '../adapters/onnx-device.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { type EncoderCase, openCases, type SettingsOf } from './encoder-cases.ts';
import { describeMachine } from './machine.ts';
import { measureRates, type MachineRates } from './machine-rates.ts';
import { createProgress } from './progress.ts';
import { takeTurns, type Times } from './take-turns.ts';

const help = `Measure a model's two towers on this machine, beside what the machine allows.

  npm run benchmark:encoder -- --model <directory> [options]

  --model <directory>  a model directory; models/training/export_clip.py makes one of a true shape
  --device <name>      cpu or cuda (cpu)
  --threads <n>        threads of one run on the CPU (all cores)
  --seconds <n>        time for each number (3)
  --json <file>        also write the numbers, with machine and versions
  --help               this text

Texts of 8, 10, 12, 32 and all the context's tokens, in batches of 1, 8 and 32, and pictures in batches
of 1 and 16, in every precision that the model has; turn by turn, so that a busy minute meets all of
them. The floor is the larger of operations over the measured matrix rate and weight bytes over the
measured memory bandwidth.
`;

const bytesPerWeight = { fp32: 4, fp16: 2, int8: 1 } as const;

const options = {
  model: { type: 'string' },
  device: { type: 'string', default: 'cpu' },
  threads: { type: 'string' },
  seconds: { type: 'string', default: '3' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

await runCommand(async (args) => {
  const { values } = parseArgs({ args, options });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const { model, device, json } = values;
  if (model === undefined) return wrongArgument('--model is missing: a model directory');
  if (device !== 'cpu' && device !== 'cuda') {
    return wrongArgument(`--device must be cpu or cuda: ${device}`);
  }
  const machine = describeMachine();
  const { cores } = machine.machine;
  const threads = parseCount('threads', values.threads ?? String(cores), { min: 1, max: 256 });
  if (!threads.ok) return threads;
  const seconds = parseCount('seconds', values.seconds, { min: 1, max: 600 });
  if (!seconds.ok) return seconds;
  const report = await measureModel(
    model,
    (tower) => sessionOn(device, tower, threads.value),
    seconds.value * 1000,
  );
  if (!report.ok) return report;
  process.stdout.write(toTable(report.value));
  if (json !== undefined) {
    const asked = { model, device, threads: threads.value, seconds: seconds.value };
    const run = { command: 'benchmark:encoder', asked, ...report.value, ...machine };
    await writeFile(json, `${JSON.stringify(run, null, 2)}\n`);
  }
  return ok(0);
});

type Measured = EncoderCase & Times & { readonly floor_ms?: number };

interface Report {
  readonly model: string;
  readonly rates: MachineRates;
  readonly cases: readonly Measured[];
  readonly similarity_to_fp32: Readonly<Record<string, number>>;
}

async function measureModel(path: string, settingsOf: SettingsOf, budgetMs: number): Async<Report> {
  const directory = await readModelDirectory(path);
  if (!directory.ok) return directory;
  const before = await measureRates(settingsOf('text').options);
  const opened = await openCases(directory.value, settingsOf);
  if (!opened.ok) return opened;
  const { cases, similarities, close } = opened.value;
  const progress = createProgress('Measuring, turn', 10);
  const times = await takeTurns(cases, budgetMs, () => progress.advance(1));
  progress.stop();
  await close();
  if (!times.ok) return times;
  const rates = best(before, await measureRates(settingsOf('text').options));
  return ok({
    model: directory.value.manifest.id,
    rates,
    cases: times.value.map((one) => ({ ...one, ...floorOf(one, rates) })),
    similarity_to_fp32: similarities,
  });
}

/** A floor that another process on the machine has lifted is none. */
function best(one: MachineRates, other: MachineRates): MachineRates {
  return {
    matrixGflops: Math.max(one.matrixGflops, other.matrixGflops),
    int8Gops: Math.max(one.int8Gops, other.int8Gops),
    memoryGbPerSecond: Math.max(one.memoryGbPerSecond, other.memoryGbPerSecond),
  };
}

function floorOf(
  { precision, work }: EncoderCase,
  { matrixGflops, int8Gops, memoryGbPerSecond }: MachineRates,
): { readonly floor_ms?: number } {
  if (work === undefined) return {};
  const rate = precision === 'int8' ? int8Gops : matrixGflops;
  const arithmeticMs = work.operations / rate / 1e6;
  const readingMs = (work.weights * bytesPerWeight[precision]) / memoryGbPerSecond / 1e6;
  return { floor_ms: Math.max(arithmeticMs, readingMs) };
}

function toTable({ model, rates, cases, similarity_to_fp32 }: Report): string {
  const rows = cases.map(({ tower, precision, tokens, batch, p50_ms, p95_ms, floor_ms }) => {
    const what = tower === 'text' ? `${tokens} tokens` : 'pictures';
    const floor =
      floor_ms === undefined ? '' : `${floor_ms.toFixed(2)} | ${(p50_ms / floor_ms).toFixed(1)}`;
    return `| ${what} | ${precision} | ${batch} | ${p50_ms.toFixed(2)} | ${p95_ms.toFixed(2)} | ${floor} |`;
  });
  const { matrixGflops, int8Gops, memoryGbPerSecond } = rates;
  return [
    `${model}: ${matrixGflops.toFixed(0)} GFLOP/s in float32, ${int8Gops.toFixed(0)} GOP/s in int8, ${memoryGbPerSecond.toFixed(1)} GB/s`,
    ...Object.entries(similarity_to_fp32).map(
      ([name, value]) => `least cosine to fp32, ${name}: ${value.toFixed(5)}`,
    ),
    '| what | precision | batch | p50 ms | p95 ms | floor ms | times floor |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
