import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { hasRedis, startRedis } from '../test/support/redis-server.ts';
import { type CaseResult, measureCases, type Turns } from './cache-cases.ts';
import type { ServerKind } from './cache-servers.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { describeMachine } from './machine.ts';

const help = `Measure cached searches against a bare Hono handler that returns the same bytes, in turns.

  npm run benchmark:cache -- [options]

  --redis             start a redis-server, and measure it as well as the cache in the process
  --connections <n>   how many connections ask, each again when it is answered (32)
  --seconds <n>       how long each turn is (2)
  --rounds <n>        how many turns each of the two has (7)
  --queries <list>    how many different queries are asked in turn: one case each (1,100)
  --json <file>       also write the numbers, with machine and versions
  --help              this text

The processes: a bare handler that returns the body, one that returns the headers too, npm start, and
the load. npm start has the environment of this
command (DATA_DIR says which index; with REDIS_ENABLED=true it is that Redis that is measured), without
keys and limits first, then with both.
`;

const throughputBar = 0.6;
const latencyBarMs = 1;

await runCommand(async (args) => {
  const values = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const connections = parseCount('connections', values.connections, { min: 1, max: 1000 });
  if (!connections.ok) return connections;
  const seconds = parseCount('seconds', values.seconds, { min: 1, max: 600 });
  if (!seconds.ok) return seconds;
  const rounds = parseCount('rounds', values.rounds, { min: 1, max: 100 });
  if (!rounds.ok) return rounds;
  const queries: number[] = [];
  for (const text of values.queries.split(',')) {
    const count = parseCount('queries', text, { min: 1, max: 400 });
    if (!count.ok) return count;
    queries.push(count.value);
  }
  if (values.redis && !hasRedis)
    return wrongArgument('--redis needs redis-server, which is not here');
  const turns = { connections: connections.value, seconds: seconds.value, rounds: rounds.value };
  const measured = await measureAll({ ...turns, queries }, values.redis);
  if (!measured.ok) return measured;
  process.stdout.write(toTable(measured.value));
  if (values.json !== undefined) {
    const run = { command: 'benchmark:cache', ...turns, cases: measured.value.map(withoutReports) };
    await writeFile(values.json, `${JSON.stringify({ ...run, ...describeMachine() }, null, 2)}\n`);
  }
  return ok(0);
});

function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      redis: { type: 'boolean', default: false },
      connections: { type: 'string', default: '32' },
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '7' },
      queries: { type: 'string', default: '1,100' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

async function measureAll(turns: Turns, withRedis: boolean): Async<CaseResult[]> {
  const given = process.env['REDIS_ENABLED'] === 'true' ? 'redis' : 'memory';
  const kinds = ([false, true] as const).map((guarded): ServerKind => ({
    cache: given,
    guarded,
    env: {},
  }));
  if (!withRedis) return measureCases(kinds, turns);
  const redis = await startRedis();
  const env = { REDIS_ENABLED: 'true', REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) };
  const more = kinds.map((kind): ServerKind => ({ ...kind, cache: 'redis', env }));
  try {
    return await measureCases([...kinds, ...more], turns);
  } finally {
    await redis.stop();
  }
}

function toTable(cases: readonly CaseResult[]): string {
  const head = [
    '',
    'queries',
    'bare/s',
    'cached/s',
    'ratio',
    'spread',
    'same head',
    'p50 ms',
    'p95 ms',
    'bar',
  ];
  const rows = cases.map((one) => [
    `${one.cache}${one.guarded ? ', keys and limit' : ''}`,
    String(one.queries),
    one.bare_per_second.toFixed(0),
    one.cached_per_second.toFixed(0),
    one.ratio.median.toFixed(3),
    `${one.ratio.min.toFixed(2)}–${one.ratio.max.toFixed(2)}`,
    one.ratio_same_headers.median.toFixed(3),
    one.alone.server_ms.p50.toFixed(3),
    one.alone.server_ms.p95.toFixed(3),
    meetsBar(one) ? 'met' : 'missed',
  ]);
  const lines = [head, ...rows].map((cells) =>
    cells.map((cell, place) => (place === 0 ? cell.padEnd(24) : cell.padStart(11))).join(''),
  );
  const bar = `The bar: a ratio of ${throughputBar}, and ${latencyBarMs} ms in the server at p50 (one connection).`;
  const remarks = cases.flatMap(({ remarks: own }) => own);
  return `${[...lines, '', bar, ...new Set(remarks)].join('\n')}\n`;
}

function meetsBar({ ratio, alone }: CaseResult): boolean {
  return ratio.median >= throughputBar && alone.server_ms.p50 <= latencyBarMs;
}

/** Of every round no more than how many were answered. */
function withoutReports({ bare, same_headers, cached, ...rest }: CaseResult) {
  const rates = (reports: typeof bare) => reports.map(({ per_second }) => Math.round(per_second));
  const per_second = {
    bare: rates(bare),
    same_headers: rates(same_headers),
    cached: rates(cached),
  };
  return { ...rest, per_second };
}
