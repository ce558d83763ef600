import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { withBatching } from '../core/batched.ts';
import type { Async, Failure } from '../core/failure.ts';
import type { Encoder } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { percentile } from '../core/rolling-window.ts';
import { uniquePhrase } from './benchmark-phrases.ts';
import { parseCount, runCommand } from './command.ts';
import { describeMachine } from './machine.ts';
import { createProgress } from './progress.ts';

const help = `Measure what batching does: texts on one model in this process, with and without it, in turn.

  npm run benchmark:batching -- [options]

  --model <directory>  the model (models/demo)
  --seconds <n>        how long each of the four is measured (5)
  --callers <n>        how many ask at once, each again when it is answered (64)
  --think-ms <n>       how long each of them waits before it asks again (0)
  --json <file>        also write the numbers, with machine and versions
  --help               this text
`;

const rounds = 5;

interface Load {
  /** How many ask at once, each again when it is answered. */
  readonly callers: number;
  readonly seconds: number;
  readonly thinkMs: number;
}

interface Samples {
  readonly latenciesMs: number[];
  seconds: number;
}

interface Pair {
  readonly without: Samples;
  readonly with: Samples;
}

interface Numbers {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

interface Comparison {
  readonly without: Numbers;
  readonly with: Numbers;
  readonly ratio: Numbers;
}

/** One caller at a time, and many at once. */
interface Measured {
  readonly lone: Comparison;
  readonly many: Comparison;
}

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string', default: 'models/demo' },
      seconds: { type: 'string', default: '5' },
      callers: { type: 'string', default: '64' },
      'think-ms': { type: 'string', default: '0' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const load = parseLoad(values);
  if (!load.ok) return load;
  const opened = await createOnnxEncoder({ directory: values.model });
  if (!opened.ok) return opened;
  try {
    const measured = await measure(opened.value, load.value);
    if (!measured.ok) return measured;
    process.stdout.write(toTable(measured.value));
    if (values.json !== undefined) {
      const { id, device } = opened.value.model;
      const run = { command: 'benchmark:batching', ...load.value, model: id, device };
      const result = { ...run, ...measured.value, ...describeMachine() };
      await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return ok(0);
  } finally {
    await opened.value.close();
  }
});

function parseLoad(values: {
  readonly seconds: string;
  readonly callers: string;
  readonly 'think-ms': string;
}): Result<Load, Failure> {
  const seconds = parseCount('seconds', values.seconds, { min: 1, max: 3600 });
  if (!seconds.ok) return seconds;
  // More than that, and the encoder itself answers that too many wait.
  const callers = parseCount('callers', values.callers, { min: 2, max: 256 });
  if (!callers.ok) return callers;
  const thinkMs = parseCount('think-ms', values['think-ms'], { min: 0, max: 10_000 });
  if (!thinkMs.ok) return thinkMs;
  return ok({ seconds: seconds.value, callers: callers.value, thinkMs: thinkMs.value });
}

/** In rounds, each with every way in turn: what slows the machine for a while slows all alike. */
async function measure(encoder: Encoder, load: Load): Async<Measured> {
  const batched = withBatching(encoder);
  const lone = { ...load, callers: 1 };
  const plan = [
    { name: 'lone', way: 'without', encoder, load: lone },
    { name: 'lone', way: 'with', encoder: batched, load: lone },
    { name: 'many', way: 'without', encoder, load },
    { name: 'many', way: 'with', encoder: batched, load },
  ] as const;
  const samples = { lone: newPair(), many: newPair() };
  const progress = createProgress('Measuring', rounds * plan.length);
  for (let round = 0; round < rounds; round += 1) {
    // Every second round the other way about: who comes after whom makes no difference either.
    for (const part of round % 2 === 0 ? plan : plan.toReversed()) {
      const failed = await runLoad(part.encoder, part.load, samples[part.name][part.way]);
      if (failed) return err(failed);
      progress.advance(1);
    }
  }
  progress.stop();
  return ok({ lone: compare(samples.lone), many: compare(samples.many) });
}

function newPair(): Pair {
  return {
    without: { latenciesMs: [], seconds: 0 },
    with: { latenciesMs: [], seconds: 0 },
  };
}

/** One round: adds what it saw to the samples. */
async function runLoad(
  encoder: Encoder,
  { callers, seconds, thinkMs }: Load,
  samples: Samples,
): Promise<Failure | undefined> {
  const start = performance.now();
  const end = start + (seconds * 1000) / rounds;
  let asked = 0;
  async function ask(): Promise<Failure | undefined> {
    while (performance.now() < end) {
      const sent = performance.now();
      const encoded = await encoder.encodeTexts([uniquePhrase((asked += 1))]);
      if (!encoded.ok) return encoded.error;
      samples.latenciesMs.push(performance.now() - sent);
      if (thinkMs > 0) await pause(thinkMs);
    }
    return undefined;
  }
  const failures = await Promise.all(Array.from({ length: callers }, ask));
  samples.seconds += (performance.now() - start) / 1000;
  return failures.find((one) => one !== undefined);
}

function compare(pair: Pair): Comparison {
  const [without, batched] = [summarize(pair.without), summarize(pair.with)];
  const ratio = (key: keyof Numbers): number => batched[key] / without[key];
  return {
    without,
    with: batched,
    ratio: { perSecond: ratio('perSecond'), p50Ms: ratio('p50Ms'), p95Ms: ratio('p95Ms') },
  };
}

function summarize({ latenciesMs, seconds }: Samples): Numbers {
  const sorted = Float64Array.from(latenciesMs).sort();
  const perSecond = sorted.length / seconds;
  return { perSecond, p50Ms: percentile(sorted, 50), p95Ms: percentile(sorted, 95) };
}

function toTable(measured: Measured): string {
  const cell = (text: string): string => text.padStart(12);
  const row = (name: string, numbers: Numbers, digits: number): string => {
    const cells = [numbers.perSecond, numbers.p50Ms, numbers.p95Ms];
    return `${name.padEnd(24)}${cells.map((value) => cell(value.toFixed(digits))).join('')}`;
  };
  const rows = Object.entries(measured).flatMap(([name, comparison]) => [
    row(`${name}, without batching`, comparison.without, 2),
    row(`${name}, with batching`, comparison.with, 2),
    row(`${name}, with ÷ without`, comparison.ratio, 3),
  ]);
  return `${[''.padEnd(24) + ['texts/s', 'p50 ms', 'p95 ms'].map(cell).join(''), ...rows].join('\n')}\n`;
}
