import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { apiChecks } from './smoke-api.ts';
import { pictureChecks, writeCheck } from './smoke-pictures.ts';
import { ask, failed, type Outcome, type SmokeCheck, type SmokeWorld } from './smoke-world.ts';
import { webChecks } from './smoke-web.ts';

const help = `Asks a running system what any caller would, and says what is not as it must be.

  npm run smoke -- https://… [options]

  --api-key <key>      with the scope search; for --write with all three. Left out: API_KEY of the environment
  --write              uploads a picture, waits until it is searchable, removes it
  --cors-origin <o>    an origin whose pages must be able to call (or *)
  --wait <seconds>     waits so long until it is ready, before it begins (0)
  --timeout-ms <n>     for one answer (15000)
  --json               for machines
  --help               this text

Works with npm start too: npm run smoke -- http://localhost:8000. Exit code 1: something failed.
`;

interface Line extends Outcome {
  readonly name: string;
  readonly ms: number;
}

interface SmokeOptions {
  readonly write: boolean;
  readonly json: boolean;
  readonly waitSeconds: number;
}

await runCommand(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      'api-key': { type: 'string', default: process.env['API_KEY'] ?? '' },
      'cors-origin': { type: 'string' },
      write: { type: 'boolean', default: false },
      wait: { type: 'string', default: '0' },
      'timeout-ms': { type: 'string', default: '15000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { help: isHelp, wait, 'api-key': apiKey, 'cors-origin': corsOrigin, ...options } = values;
  if (isHelp) {
    process.stdout.write(help);
    return ok(0);
  }
  const base = baseOf(positionals);
  if (base === undefined) return wrongArgument('it needs one address, such as https://…');
  const waitSeconds = parseCount('wait', wait, { min: 0, max: 3600 });
  if (!waitSeconds.ok) return waitSeconds;
  const timeoutMs = parseCount('timeout-ms', values['timeout-ms'], { min: 100, max: 300_000 });
  if (!timeoutMs.ok) return timeoutMs;
  const key = apiKey === '' ? undefined : apiKey;
  const world: SmokeWorld = { base, apiKey: key, corsOrigin, timeoutMs: timeoutMs.value };
  return ok(await smoke(world, { ...options, waitSeconds: waitSeconds.value }));
});

async function smoke(
  world: SmokeWorld,
  { write, json, waitSeconds }: SmokeOptions,
): Promise<number> {
  await waitUntilReady(world, waitSeconds);
  const checks = [...apiChecks, ...webChecks, ...pictureChecks, ...(write ? [writeCheck] : [])];
  const lines: Line[] = [];
  for (const check of checks) {
    const line = await run(check, world);
    lines.push(line);
    if (!json) process.stdout.write(formatLine(line));
  }
  const { href } = world.base;
  const failures = lines.filter(({ state }) => state === 'failed').length;
  const report = { url: href, date: new Date().toISOString(), failed: failures, lines };
  const end = failures === 0 ? 'All is as it must be' : `${failures} of ${lines.length} failed`;
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `\n${end}: ${href}\n`);
  return failures === 0 ? 0 : 1;
}

function baseOf([address, ...others]: readonly string[]): URL | undefined {
  if (address === undefined || others.length > 0 || !URL.canParse(address)) return undefined;
  const base = new URL(address);
  if (!/^https?:$/.test(base.protocol)) return undefined;
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/** What was released a moment ago may still be starting. */
async function waitUntilReady(world: SmokeWorld, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const answer = await ask(world, 'readyz').catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function run({ name, look }: SmokeCheck, world: SmokeWorld): Promise<Line> {
  const begin = performance.now();
  const outcome = await look(world).catch(explain);
  return { name, ...outcome, ms: Math.round(performance.now() - begin) };
}

/** What `fetch` throws: nobody there, too late, no answer that can be read. */
function explain(error: unknown): Outcome {
  if (!(error instanceof Error)) throw error;
  if (error.name === 'TimeoutError') return failed('no answer in time');
  const { cause } = error;
  if (error.name !== 'TypeError' || !(cause instanceof Error)) throw error;
  return failed(`no answer: ${cause.message}`);
}

function formatLine({ name, state, says, ms }: Line): string {
  return `${state.padEnd(7)}  ${name.padEnd(38)}  ${String(ms).padStart(6)} ms${says === '' ? '' : `  ${says}`}\n`;
}
