import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { measureSearches, type Plan } from './benchmark-searches.ts';
import { summarize, toTable } from './benchmark-summary.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { describeMachine } from './machine.ts';

const help = `Measure the search of a running server: one request after the other, every one a miss.

  npm run benchmark -- [options]

  --url <address>     the server (http://localhost:8000)
  --api-key <key>     where the server wants one (API_KEY in the environment)
  --num-requests <n>  how many requests are measured (1000)
  --top-k <n>         how many results each asks for (10)
  --concurrency <n>   how many callers ask at once, each again when it is answered (1)
  --cached            ask what was asked before, so that every request can be a hit
  --queries <n>       how many different queries --cached repeats (100)
  --json <file>       also write the numbers, with machine and versions
  --help              this text

A request that fails is counted and not measured. A server that limits requests (npm start does not
unless told to) is to be started with RATE_LIMIT_PER_SECOND=0, or asked with a key without a limit.
`;

await runCommand(async (args) => {
  const values = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const plan = parsePlan(values);
  if (!plan.ok) return plan;
  const measured = await measureSearches(plan.value);
  if (!measured.ok) return measured;
  const summary = summarize(measured.value);
  process.stdout.write(toTable(summary, plan.value.cached));
  if (values.json !== undefined) {
    const { apiKey: _, count, topK, url, ...rest } = plan.value;
    const asked = { url, 'num-requests': count, 'top-k': topK, ...rest };
    const run = { command: 'benchmark', ...asked, unit: 'ms', ...summary, ...describeMachine() };
    await writeFile(values.json, `${JSON.stringify(run, null, 2)}\n`);
  }
  return ok(measured.value.samples.length === 0 ? 1 : 0);
});

function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string', default: 'http://localhost:8000' },
      'api-key': { type: 'string', default: process.env['API_KEY'] ?? '' },
      'num-requests': { type: 'string', default: '1000' },
      'top-k': { type: 'string', default: '10' },
      concurrency: { type: 'string', default: '1' },
      cached: { type: 'boolean', default: false },
      queries: { type: 'string', default: '100' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

function parsePlan(values: ReturnType<typeof readArguments>): Result<Plan, Failure> {
  const { url, cached } = values;
  if (!URL.canParse(url)) return wrongArgument(`--url is not an address: ${url}`);
  const count = parseCount('num-requests', values['num-requests'], { min: 1, max: 1_000_000 });
  if (!count.ok) return count;
  const topK = parseCount('top-k', values['top-k'], { min: 1, max: 100 });
  if (!topK.ok) return topK;
  const concurrency = parseCount('concurrency', values.concurrency, { min: 1, max: 1000 });
  if (!concurrency.ok) return concurrency;
  const queries = parseCount('queries', values.queries, { min: 1, max: 10_000 });
  if (!queries.ok) return queries;
  return ok({
    url,
    apiKey: values['api-key'] || undefined,
    count: count.value,
    topK: topK.value,
    concurrency: concurrency.value,
    cached,
    queries: cached ? queries.value : undefined,
  });
}
