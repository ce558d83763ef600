import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { lambdaEvents, searchRequest } from '../test/support/lambda-events.ts';
import { startSecrets } from '../test/support/secrets-server.ts';
import { startChunks, writeBundle } from './bundle-files.ts';
import { bundleTargets } from './bundle-targets.ts';
import { withBackend } from './cold-start-backend.ts';
import { linkPackages, withFunctionBackends } from './cold-start-functions.ts';
import {
  type ColdStart,
  type FirstAnswer,
  firstAnswer,
  measureFloor,
  type Numbers,
  summarize,
  summarizeAll,
  type Summary,
} from './cold-start-process.ts';
import { parseCount, runCommand } from './command.ts';
import { describeMachine } from './machine.ts';
import { createProgress } from './progress.ts';

const help = `Measure how long a new process of each Lambda function takes to its first answer.

  npm run benchmark:cold-start -- [options]

  --runs <n>            processes of each kind (20)
  --service-url <url>   a gpu-service that runs; left out, one is started with a few pictures
  --redis <host:port>   a Redis that runs; left out, one is started where redis-server is installed
  --json <file>         also write the numbers, with machine and versions
  --help                this text

Every function is bundled into a folder of its own first. Every process is new, and they run one after the
other, each kind in turn.
`;

type Env = Readonly<Record<string, string>>;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
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
    const measured = await measureAll(runs.value, backend);
    if (!measured.ok) return measured;
    process.stdout.write(toTable(measured.value));
    if (values.json !== undefined) {
      const redis = 'REDIS_HOST' in backend;
      const run = { command: 'benchmark:cold-start', runs: runs.value, redis };
      const result = { ...run, ...measured.value, ...describeMachine() };
      await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return ok(0);
  });
});

/** The edge three times: without any search, with one, and with secrets to be read before it. */
interface Measured {
  readonly floor: Numbers;
  readonly livez: Summary;
  readonly search: Summary;
  readonly searchWithSecrets: Summary;
  readonly functions: Readonly<Record<string, Summary>>;
  /** What each function loads at its start. */
  readonly startBytes: Readonly<Record<string, number>>;
}

async function measureAll(runs: number, backend: Env): Async<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'picture-search-'));
  const secrets = await startSecrets({ service: 'known-to-the-edge-and-the-service' });
  try {
    return await withFunctionBackends(backend, async (functions) => {
      const startBytes = await bundleAll(folder);
      const edge = edgeStarts(backend, secrets.url);
      const measured = await measure(runs, {
        ...inFolder(edge, () => join(folder, 'edge')),
        ...inFolder(functions, (name) => join(folder, name)),
      });
      if (!measured.ok) return measured;
      const { floor, livez, search, searchWithSecrets, ...others } = measured.value;
      return ok({
        floor,
        livez,
        search,
        searchWithSecrets,
        functions: others,
        startBytes,
      } as Measured);
    });
  } finally {
    await secrets.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function bundleAll(folder: string): Promise<Record<string, number>> {
  const bytes: Record<string, number> = {};
  for (const [name, target] of Object.entries(bundleTargets)) {
    const directory = join(folder, name);
    const atStart = startChunks(await writeBundle(target, directory));
    const files = atStart.map(({ fileName }) => stat(join(directory, fileName)));
    bytes[name] = (await Promise.all(files)).reduce((sum, { size }) => sum + size, 0);
    if (target.native.length > 0) await linkPackages(directory);
  }
  return bytes;
}

type Starts = Readonly<Record<string, Omit<ColdStart, 'directory'>>>;

function edgeStarts(env: Env, secretsUrl: string): Starts {
  const event = lambdaEvents['load balancer, many values'];
  const search = { env, event: event(searchRequest('red')), answer: /"statusCode":200/ };
  const secrets = {
    AWS_ENDPOINT_URL: secretsUrl,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // As many as the deployed one has.
    SECRETS: JSON.stringify({ SERVICE_SECRET: 'service', SECOND: 'service', THIRD: 'service' }),
  };
  return {
    livez: { ...search, event: event({ path: '/livez' }) },
    search,
    searchWithSecrets: { ...search, env: { ...env, ...secrets } },
  };
}

function inFolder(starts: Starts, folderOf: (name: string) => string): Record<string, ColdStart> {
  return Object.fromEntries(
    Object.entries(starts).map(([name, start]) => [name, { ...start, directory: folderOf(name) }]),
  );
}

async function measure(
  runs: number,
  starts: Readonly<Record<string, ColdStart>>,
): Async<{ readonly floor: Numbers } & Readonly<Record<string, Summary | Numbers>>> {
  const floorMs: number[] = [];
  const answers = new Map<string, FirstAnswer[]>();
  const progress = createProgress('Measuring', runs);
  for (let run = 0; run < runs; run += 1) {
    floorMs.push(await measureFloor());
    for (const [name, start] of Object.entries(starts)) {
      const answer = await firstAnswer(start);
      if (!answer.ok) return answer;
      answers.set(name, [...(answers.get(name) ?? []), answer.value]);
    }
    progress.advance(1);
  }
  progress.stop();
  const summaries = [...answers].map(([name, each]) => [name, summarizeAll(each)]);
  return ok({ floor: summarize(floorMs), ...Object.fromEntries(summaries) });
}

function toTable(measured: Measured): string {
  const { floor, livez, search, searchWithSecrets, functions } = measured;
  const row = (name: string, { p50Ms, p95Ms }: Numbers): string =>
    `${name.padEnd(60)}${p50Ms.toFixed(1).padStart(10)}${p95Ms.toFixed(1).padStart(10)}`;
  const rowsOf = (name: string, { totalMs, answerMs, importMs }: Summary): string[] => [
    row(`${name}, process start to answer`, totalMs),
    row(`${name}, import to answer`, answerMs),
    row(`${name}, import alone`, importMs),
  ];
  const rows = [
    `${''.padEnd(60)}${'p50 ms'.padStart(10)}${'p95 ms'.padStart(10)}`,
    row("node -e '', start to end", floor),
    ...rowsOf('edge, GET /livez', livez),
    ...rowsOf('edge, POST /search', search),
    ...rowsOf('edge, POST /search, secrets read', searchWithSecrets),
    ...Object.entries(functions).flatMap(([name, summary]) => rowsOf(name, summary)),
  ];
  return `${rows.join('\n')}\n`;
}
