import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { percentile } from '../core/rolling-window.ts';
import { lambdaEvents, searchRequest } from '../test/support/lambda-events.ts';
import { withBackend } from './cold-start-backend.ts';
import { parseCount, runCommand } from './command.ts';
import { describeMachine } from './machine.ts';
import { createProgress } from './progress.ts';

const help = `Measure how long a new Lambda process takes to its first answer.

  npm run bundle && npm run benchmark:cold-start -- [options]

  --bundle <file>       what npm run bundle made (dist/edge/lambda.mjs)
  --runs <n>            processes of each kind (20)
  --service-url <url>   a gpu-service that runs; left out, one is started with a few pictures
  --redis <host:port>   a Redis that runs; left out, one is started where redis-server is installed
  --json <file>         also write the numbers, with machine and versions
  --help                this text

Every process is new, and they run one after the other, each kind in turn.
`;

/** Runs in the new process: the time counts from its very beginning. */
const child = `
import { writeSync } from 'node:fs';
const [, bundle, event] = process.argv;
const began = performance.now();
const { handler } = await import(bundle);
const imported = performance.now();
const { statusCode, body } = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 30000 });
const answered = performance.now();
writeSync(3, JSON.stringify({ statusCode, body, importMs: imported - began, answerMs: answered - began }));
process.exit(0);
`;

const events = {
  livez: lambdaEvents['function URL']({ path: '/livez' }),
  search: lambdaEvents['function URL'](searchRequest('red')),
};

type Env = Readonly<Record<string, string>>;

interface FirstAnswer {
  /** From the start of the process. */
  readonly totalMs: number;
  /** From the beginning of the import of the handler: what Lambda counts as its start. */
  readonly answerMs: number;
  readonly importMs: number;
}

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      bundle: { type: 'string', default: 'dist/edge/lambda.mjs' },
      runs: { type: 'string', default: '20' },
      'service-url': { type: 'string' },
      redis: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const runs = parseCount('runs', values.runs, { min: 1, max: 1000 });
  if (!runs.ok) return runs;
  const given = { serviceUrl: values['service-url'], redis: values.redis };
  return withBackend(given, async (backend) => {
    const measured = await measure(pathToFileURL(values.bundle).href, runs.value, backend);
    if (!measured.ok) return measured;
    process.stdout.write(toTable(measured.value));
    if (values.json !== undefined) {
      const run = {
        command: 'benchmark:cold-start',
        runs: runs.value,
        redis: 'REDIS_HOST' in backend,
      };
      const result = { ...run, ...measured.value, ...describeMachine() };
      await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return ok(0);
  });
});

async function measure(bundle: string, runs: number, env: Env): Async<Measured> {
  const floorMs: number[] = [];
  const answers: Record<keyof typeof events, FirstAnswer[]> = { livez: [], search: [] };
  const progress = createProgress('Measuring', runs);
  for (let run = 0; run < runs; run += 1) {
    floorMs.push(await measureFloor());
    for (const name of ['livez', 'search'] as const) {
      const answer = await firstAnswer(bundle, events[name], env);
      if (!answer.ok) return answer;
      answers[name].push(answer.value);
    }
    progress.advance(1);
  }
  progress.stop();
  return ok({
    floor: summarize(floorMs),
    livez: summarizeAll(answers.livez),
    search: summarizeAll(answers.search),
  });
}

/** A process that does nothing: what no bundle can be faster than. */
async function measureFloor(): Promise<number> {
  const began = performance.now();
  await once(spawn(process.execPath, ['-e', ''], { stdio: 'ignore' }), 'close');
  return performance.now() - began;
}

async function firstAnswer(bundle: string, event: unknown, env: Env): Async<FirstAnswer> {
  const began = performance.now();
  const args = ['--input-type=module', '-e', child, bundle, JSON.stringify(event)];
  const started = spawn(process.execPath, args, {
    env: { ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let totalMs = 0;
  let [said, complaint] = ['', ''];
  started.stdio[3]?.on('data', (text: Buffer) => {
    totalMs ||= performance.now() - began;
    said += text.toString();
  });
  started.stderr?.on('data', (text: Buffer) => (complaint += text.toString()));
  await once(started, 'close');
  if (said === '') return err(failure('invalid_field', `Cannot measure as it died: ${complaint}`));
  const answer = JSON.parse(said) as FirstAnswer & { statusCode: number; body: string };
  if (answer.statusCode === 200) return ok({ ...answer, totalMs });
  const detail = `Cannot measure as the first answer is a ${answer.statusCode}: ${answer.body}`;
  return err(failure('search_unavailable', detail));
}

interface Numbers {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

type Summary = Readonly<Record<keyof FirstAnswer, Numbers>>;

interface Measured {
  readonly floor: Numbers;
  readonly livez: Summary;
  readonly search: Summary;
}

function summarizeAll(answers: readonly FirstAnswer[]): Summary {
  const of = (key: keyof FirstAnswer) => summarize(answers.map((answer) => answer[key]));
  return { totalMs: of('totalMs'), answerMs: of('answerMs'), importMs: of('importMs') };
}

function summarize(milliseconds: readonly number[]): Numbers {
  const sorted = Float64Array.from(milliseconds).sort();
  return { p50Ms: percentile(sorted, 50), p95Ms: percentile(sorted, 95) };
}

function toTable({ floor, livez, search }: Measured): string {
  const row = (name: string, { p50Ms, p95Ms }: Numbers): string =>
    `${name.padEnd(44)}${p50Ms.toFixed(1).padStart(10)}${p95Ms.toFixed(1).padStart(10)}`;
  const rows = [
    `${''.padEnd(44)}${'p50 ms'.padStart(10)}${'p95 ms'.padStart(10)}`,
    row("node -e '', start to end", floor),
    row('GET /livez, process start to answer', livez.totalMs),
    row('GET /livez, import to answer', livez.answerMs),
    row('POST /search, process start to answer', search.totalMs),
    row('POST /search, import to answer', search.answerMs),
    row('import alone', search.importMs),
  ];
  return `${rows.join('\n')}\n`;
}
