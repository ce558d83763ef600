import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { percentile } from '../core/rolling-window.ts';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { uniquePhrase } from './benchmark-phrases.ts';
import { describeMachine } from './machine.ts';
import { createProgress } from './progress.ts';

const help = `Measure the search of a running server: one request after the other, every one a miss.

  npm run benchmark -- [options]

  --url <address>     the server (http://localhost:8000)
  --num-requests <n>  how many requests are measured (1000)
  --top-k <n>         how many results each asks for (10)
  --json <file>       also write the numbers, with machine and versions
  --help              this text
`;

const warmUpRequests = 50;

type Sample = Readonly<Record<string, number>>;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string', default: 'http://localhost:8000' },
      'num-requests': { type: 'string', default: '1000' },
      'top-k': { type: 'string', default: '10' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  if (!URL.canParse(values.url)) return wrongArgument(`--url is not an address: ${values.url}`);
  const count = parseCount('num-requests', values['num-requests'], { min: 1, max: 1_000_000 });
  if (!count.ok) return count;
  const topK = parseCount('top-k', values['top-k'], { min: 1, max: 100 });
  if (!topK.ok) return topK;
  const samples = await measure(values.url, count.value, topK.value);
  if (!samples.ok) return samples;
  const stages = summarizeStages(samples.value);
  process.stdout.write(toTable(stages));
  if (values.json !== undefined) {
    const asked = { url: values.url, 'num-requests': count.value, 'top-k': topK.value };
    const run = { command: 'benchmark', ...asked, unit: 'ms', stages, ...describeMachine() };
    await writeFile(values.json, `${JSON.stringify(run, null, 2)}\n`);
  }
  return ok(0);
});

async function measure(url: string, count: number, topK: number): Async<Sample[]> {
  const progress = createProgress('Searching', count);
  const samples: Sample[] = [];
  // Another run of this on the same server must not meet what it still knows from the last.
  const start = Math.floor(Math.random() * 400_000) + warmUpRequests;
  for (let index = -warmUpRequests; index < count; index += 1) {
    const query = uniquePhrase(start + index);
    const sample = await request(url, { query, top_k: topK });
    if (!sample.ok) return sample;
    if (index < 0) continue;
    samples.push(sample.value);
    progress.advance(1);
  }
  progress.stop();
  return ok(samples);
}

/** One request: milliseconds as the client saw it, and by stage as the server says. */
async function request(url: string, body: unknown): Async<Sample> {
  const start = performance.now();
  try {
    const response = await fetch(new URL('/search', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const client = performance.now() - start;
    if (!response.ok) {
      return err(failure('store_unavailable', `Cannot measure as the server answers: ${text}`));
    }
    const server = parseServerTiming(response.headers.get('server-timing') ?? '');
    const { total = 0, encode = 0, search = 0 } = server;
    return ok({ ...server, overhead: total - encode - search, client });
  } catch (cause) {
    const detail = `Cannot measure as no server answers (npm start runs one): ${url}`;
    return err(failure('store_unavailable', detail, { cause }));
  }
}

function parseServerTiming(header: string): Record<string, number> {
  const entries = header.matchAll(/([\w-]+);dur=([\d.]+)/g);
  return Object.fromEntries(Array.from(entries, ([, stage, ms]) => [stage, Number(ms)]));
}

function summarizeStages(samples: readonly Sample[]): Record<string, Record<string, number>> {
  const stages = ['encode', 'search', 'overhead', 'total', 'client'];
  return Object.fromEntries(
    stages.map((stage) => {
      const sorted = Float64Array.from(samples, (sample) => sample[stage] ?? 0).sort();
      const shares = [50, 90, 95, 99].map((share) => [`p${share}`, percentile(sorted, share)]);
      const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
      const range = { min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, mean };
      return [stage, { ...Object.fromEntries(shares), ...range }];
    }),
  );
}

function toTable(stages: Record<string, Record<string, number>>): string {
  const columns = ['p50', 'p90', 'p95', 'p99', 'min', 'max', 'mean'];
  const cell = (text: string) => text.padStart(9);
  const rows = Object.entries(stages).map(
    ([stage, numbers]) =>
      `${stage.padEnd(9)}${columns.map((column) => cell((numbers[column] ?? 0).toFixed(3))).join('')}`,
  );
  return `${['ms       ' + columns.map(cell).join(''), ...rows].join('\n')}\n`;
}
