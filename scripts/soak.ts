import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { parseCount, runCommand } from './command.ts';
import { describeMachine } from './machine.ts';
import { createProgress } from './progress.ts';
import { askTruth, p95, startSearchLoad } from './search-load.ts';
import { type SoakSystem, startSoakSystem } from './soak-system.ts';

const help = `Search for a long time, and see whether memory and sockets stay as they are.

  npm run soak -- [options]

  --seconds <n>       how long (1800)
  --connections <n>   clients at the same time (16)
  --json <file>       also write the numbers, with machine and versions
  --help              this text

Starts a gpu-service with a few pictures, an edge before it, and redis-server where there is one; half
of the searches are hits, half misses. Linux alone, as it reads /proc. The first third is for caches to
fill; after it memory may grow by a tenth (in a run of less than ten minutes by half, as a heap takes its
time to find its size), and sockets not at all. Ends with 1 if they grow more, or if
any answer was wrong or a failure.
`;

const queries = ['red', 'a green picture', 'blue', 'yellow or orange', 'grey', 'something dark'];
const looks = 60;
const settledSeconds = 600;
const spareSockets = 4;

interface Look {
  readonly second: number;
  readonly searches: number;
  readonly p95_ms: number;
  readonly processes: Readonly<Record<string, { rss_mb: number; sockets: number }>>;
}

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '1800' },
      connections: { type: 'string', default: '16' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const seconds = parseCount('seconds', values.seconds, { min: 6, max: 86_400 });
  if (!seconds.ok) return seconds;
  const connections = parseCount('connections', values.connections, { min: 1, max: 1000 });
  if (!connections.ok) return connections;
  const directory = await mkdtemp(join(tmpdir(), 'soak-'));
  const system = await startSoakSystem(directory);
  try {
    const run = await soak(system, seconds.value, connections.value);
    if (values.json !== undefined) {
      const asked = { command: 'soak', seconds: seconds.value, connections: connections.value };
      const text = JSON.stringify({ ...asked, ...run, ...describeMachine() }, null, 2);
      await writeFile(values.json, `${text}\n`);
    }
    return judge(run, seconds.value < settledSeconds ? 1.5 : 1.1);
  } finally {
    await system.stop();
    await rm(directory, { recursive: true, force: true });
  }
});

interface Run {
  readonly searches: number;
  readonly failures: number;
  readonly wrong: number;
  readonly looks: readonly Look[];
}

async function soak(system: SoakSystem, seconds: number, connections: number): Promise<Run> {
  const truth = await askTruth(system.url, queries);
  const load = startSearchLoad(system.url, truth, connections);
  const progress = createProgress('Looking', looks);
  const seen: Look[] = [];
  let [searches, failures, wrong] = [0, 0, 0];
  const everyMs = (seconds * 1000) / looks;
  for (let look = 1; look <= looks; look += 1) {
    await sleep(everyMs);
    const samples = load.take();
    searches += samples.length;
    failures += samples.filter(({ status }) => status !== 200).length;
    wrong += samples.filter(({ right }) => !right).length;
    const processes = Object.fromEntries(
      Object.entries(system.pids).map(([name, pid]) => [name, lookAt(pid)]),
    );
    const second = Math.round((look * seconds) / looks);
    seen.push({ second, searches, p95_ms: Math.round(p95(samples) * 10) / 10, processes });
    progress.advance(1);
  }
  progress.stop();
  await load.stop();
  return { searches, failures, wrong, looks: seen };
}

function lookAt(pid: number): { rss_mb: number; sockets: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]);
  return { rss_mb: Math.round(kilobytes / 102.4) / 10, sockets: countSockets(pid) };
}

function countSockets(pid: number): number {
  const directory = `/proc/${pid}/fd`;
  const targets = readdirSync(directory).map((name) => {
    try {
      return readlinkSync(join(directory, name));
    } catch {
      // Closed since it was listed.
      return '';
    }
  });
  return targets.filter((target) => target.startsWith('socket:')).length;
}

function judge({ searches, failures, wrong, looks: seen }: Run, maxGrowth: number): Async<number> {
  const settled = seen.slice(Math.floor(looks / 3));
  const faults = [
    ...(wrong > 0 ? [`${wrong} wrong answers`] : []),
    ...(failures > 0 ? [`${failures} failures`] : []),
  ];
  for (const name of Object.keys(settled[0]?.processes ?? {})) {
    const memory = settled.map(({ processes }) => processes[name]?.rss_mb ?? 0);
    const sockets = settled.map(({ processes }) => processes[name]?.sockets ?? 0);
    // Garbage comes and goes, so it is thirds that are compared.
    const [early, late] = [median(memory.slice(0, 20)), median(memory.slice(-20))];
    const [first, last] = [median(sockets.slice(0, 20)), median(sockets.slice(-20))];
    process.stdout.write(`${name.padEnd(12)} ${early} → ${late} MB, ${first} → ${last} sockets\n`);
    if (late > early * maxGrowth) faults.push(`${name} grew from ${early} to ${late} MB`);
    if (last > first + spareSockets) faults.push(`${name} has ${last} sockets, not ${first}`);
  }
  process.stdout.write(`${searches} searches, ${failures} failures, ${wrong} wrong answers\n`);
  const detail = `Cannot call it stable as there were: ${faults.join('; ')}`;
  return Promise.resolve(faults.length === 0 ? ok(0) : err(failure('overloaded', detail)));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
