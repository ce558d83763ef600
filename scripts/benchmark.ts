import { writeFile } from 'node:fs/promises';
import { createAsk } from '../functions/benchmark/ask.ts';
import { type Measured, measurePhase, type Phase } from '../functions/benchmark/measure.ts';
import { judge, summarizePhase } from '../functions/benchmark/summarize.ts';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { type Plan, parsePlan, readArguments } from './benchmark-options.ts';
import { toTable } from './benchmark-summary.ts';
import { runCommand } from './command.ts';
import { describeMachine } from './machine.ts';
import { createProgress } from './progress.ts';

const help = `Measure the search of a running server by 15 fixed queries: each time new to it, or known to its cache.

  npm run benchmark -- [options]

  --url <address>     the server (http://localhost:8000)
  --api-key <key>     where the server wants one (API_KEY in the environment)
  --num-requests <n>  how many requests are measured (1000)
  --top-k <n>         how many results each asks for (10)
  --concurrency <n>   how many callers ask at once, each again when it is answered (1)
  --cached            ask what was asked before, so that every request can be a hit
  --queries <n>       how many different queries --cached repeats (15)
  --target <ms>       what 95 of 100 requests may take, as the caller sees it; 0: whatever (50)
  --json <file>       also write the numbers, with machine and versions
  --help              this text

A request that fails is counted and not measured. Exits with 1 where the target is missed: a failed request
was not in time. Without --cached each query gets four letters that nobody has asked for, so that its text
is encoded and no cache knows it. A server that limits requests (npm start does not unless told to) is to
be started with RATE_LIMIT_PER_SECOND=0, or asked with a key without a limit.
`;

await runCommand(async (args) => {
  const values = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const parsed = parsePlan(values);
  if (!parsed.ok) return parsed;
  const plan = parsed.value;
  const measured = await measure(plan);
  if (!measured.ok) return measured;
  const summary = summarizePhase(measured.value);
  const target = plan.targetMs === 0 ? undefined : judge(measured.value, plan.targetMs);
  process.stdout.write(toTable(summary, plan.cached, target));
  if (values.json !== undefined) {
    const { apiKey: _, targetMs: __, count, topK, url, ...rest } = plan;
    const asked = { url, 'num-requests': count, 'top-k': topK, ...rest };
    const seen = { unit: 'ms', ...summary, target };
    const run = { command: 'benchmark', ...asked, ...seen, ...describeMachine() };
    await writeFile(values.json, `${JSON.stringify(run, null, 2)}\n`);
  }
  return ok(summary.answers === 0 || target?.missed === true ? 1 : 0);
});

/** Fails only where nothing can be measured at all. */
async function measure(plan: Plan): Async<Measured> {
  const now = () => performance.now();
  const { ask, close } = createAsk({ ...plan, timeoutMs: 60_000, now });
  const progress = createProgress('Searching', plan.count);
  const phase: Phase = {
    ...plan,
    cache: plan.cached ? 'warm' : 'cold',
    method: 'POST',
    // Another run of this on the same server must not meet what it still knows from the last.
    start: Math.floor(Math.random() * 400_000),
    warmUps: 50,
  };
  const measured = await measurePhase(phase, { ask, now, onAsked: () => progress.advance(1) });
  progress.stop();
  close();
  const { stopped, samples } = measured;
  if (stopped === undefined || samples.length > 0) return ok(measured);
  return err(failure('search_unavailable', whyNot(stopped, plan.url)));
}

function whyNot({ code, detail }: NonNullable<Measured['stopped']>, url: string): string {
  if (code === 'unreachable') {
    return `Cannot measure as no server answers (npm start runs one): ${url}`;
  }
  const hint = code === 'unauthenticated' || code === 'forbidden' ? ' (see --api-key)' : '';
  return `Cannot measure as the server answers ${code}${hint}: ${detail}`;
}
