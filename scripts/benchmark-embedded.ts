import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Async, Failure } from '../core/failure.ts';
import { type Result, ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { type EmbeddedFigures, type EmbeddedRun, runEmbedded } from './embedded-run.ts';
import type { Times } from './embedded-searches.ts';
import { describeMachine } from './machine.ts';

const help = `How fast the embedded store builds, opens and searches, and how much it needs.

  node scripts/benchmark-embedded.ts --count 1000000 --dimensions 512

  --count <n>        vectors (100000)
  --dimensions <n>   length of each (512)
  --like <kind>      clip: as of a CLIP model; noise: any direction (clip)
  --queries <n>      text queries (200)
  --more <n>         vectors put in while searches go on (5000)
  --ef <n>           candidates of a search; left out: what the store chooses
  --m <n>            links of the graph (16)
  --ef-construct <n> candidates when it is built (200)
  --no-space         keep the vectors as they are, in no search space
  --no-again         do not time searches while the index is built a second time
  --directory <dir>  where the index is made, and removed from afterwards (.data/benchmark)
  --open <folder>    build nothing: ask the index that an interrupted run has left there
  --json             figures as JSON
  --help             this text

Recall is against a look at every vector. Event loop: the thread that asks, as a server's would.
`;

const limits = {
  count: { min: 100, max: 100_000_000 },
  dimensions: { min: 8, max: 4_096 },
  queries: { min: 1, max: 100_000 },
  more: { min: 1, max: 1_000_000 },
  ef: { min: 10, max: 100_000 },
  m: { min: 4, max: 128 },
  efConstruct: { min: 16, max: 2_000 },
} as const;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      count: { type: 'string', default: '100000' },
      dimensions: { type: 'string', default: '512' },
      like: { type: 'string', default: 'clip' },
      queries: { type: 'string', default: '200' },
      more: { type: 'string', default: '5000' },
      ef: { type: 'string' },
      m: { type: 'string', default: '16' },
      'ef-construct': { type: 'string', default: '200' },
      space: { type: 'boolean', default: true },
      again: { type: 'boolean', default: true },
      directory: { type: 'string', default: '.data/benchmark' },
      open: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const { like, space, again } = values;
  if (like !== 'clip' && like !== 'noise') {
    return wrongArgument(`--like must be clip or noise: ${like}`);
  }
  const sizes = parseSizes({ ...values, efConstruct: values['ef-construct'] });
  if (!sizes.ok) return sizes;
  const run = { ...sizes.value, like, space, again } as const;
  return values.open === undefined
    ? measureNew(run, values.directory, values.json)
    : measure({ ...run, directory: values.open, isThere: true }, values.json);
});

type Sizes = Pick<
  EmbeddedRun,
  'count' | 'dimensions' | 'queries' | 'more' | 'ef' | 'm' | 'efConstruct'
>;

function parseSizes(
  values: Readonly<Record<Exclude<keyof Sizes, 'ef'>, string>> & { readonly ef?: string },
): Result<Sizes, Failure> {
  const count = parseCount('count', values.count, limits.count);
  if (!count.ok) return count;
  const dimensions = parseCount('dimensions', values.dimensions, limits.dimensions);
  if (!dimensions.ok) return dimensions;
  const queries = parseCount('queries', values.queries, limits.queries);
  if (!queries.ok) return queries;
  const more = parseCount('more', values.more, limits.more);
  if (!more.ok) return more;
  const ef = values.ef === undefined ? ok(undefined) : parseCount('ef', values.ef, limits.ef);
  if (!ef.ok) return ef;
  const m = parseCount('m', values.m, limits.m);
  if (!m.ok) return m;
  const efConstruct = parseCount('ef-construct', values.efConstruct, limits.efConstruct);
  if (!efConstruct.ok) return efConstruct;
  return ok({
    count: count.value,
    dimensions: dimensions.value,
    queries: queries.value,
    more: more.value,
    ef: ef.value,
    m: m.value,
    efConstruct: efConstruct.value,
  });
}

async function measureNew(
  run: Omit<EmbeddedRun, 'directory' | 'isThere'>,
  parent: string,
  json: boolean,
): Async<number> {
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(path.join(parent, 'embedded-'));
  try {
    return await measure({ ...run, directory, isThere: false }, json);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(run: EmbeddedRun, json: boolean): Async<number> {
  const figures = await runEmbedded(run);
  if (!figures.ok) return figures;
  const { directory: _, ...settings } = run;
  const report = { ...describeMachine(), settings, ...figures.value };
  process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : show(figures.value));
  return ok(0);
}

function show(figures: EmbeddedFigures): string {
  const { phases, making_seconds: making, disk_mb: disk, collection, search } = figures;
  const { effort, indexed, vectorsCount } = collection;
  const beside: readonly (readonly [string, Times | null])[] = [
    ['alone', figures.idle],
    ['while indexing', figures.indexing],
    ['while optimizing', figures.optimizing],
  ];
  return [
    'phase                      seconds  cpu s   peak MB  event loop max ms',
    ...phases.map(
      (one) =>
        one.name.padEnd(26) +
        [one.seconds, one.cpu_seconds, one.peak_rss_mb, one.loop_max_ms].map(cell).join(' '),
    ),
    `Making the vectors took ${making.toFixed(0)} s of the inserting. On disk: ${disk.toFixed(0)} MB.`,
    `${vectorsCount} vectors, ${indexed * 100} % in the graph, ${effort.exact ? 'every one looked at' : `ef ${effort.ef}`}.`,
    '',
    'filter keeps   ef        recall@10   p50 ms   p95 ms   max ms  event loop max ms',
    ...search.map(
      (one) =>
        `${one.share}`.padEnd(15) +
        `${one.ef ?? 'default'}`.padEnd(10) +
        one.recall_at_10.toFixed(4).padEnd(9) +
        timesOf(one),
    ),
    '',
    'search             searches   p50 ms   p95 ms   max ms  event loop max ms',
    ...beside.map(([name, times]) =>
      times ? `${name.padEnd(18)}${cell(times.searches)} ${timesOf(times)}` : `${name}: not timed`,
    ),
    '',
  ].join('\n');
}

function timesOf(times: Times): string {
  return [times.p50_ms, times.p95_ms, times.max_ms, times.loop_max_ms].map(cell).join(' ');
}

function cell(value: number): string {
  const digits = Number.isInteger(value) || value >= 1_000 ? 0 : value < 10 ? 2 : 1;
  return value.toFixed(digits).padStart(8);
}
