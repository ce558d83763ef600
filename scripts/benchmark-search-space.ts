import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { SearchSpaceChoices } from '../core/compute-search-space.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { describeMachine } from './machine.ts';
import { steps } from './space-cases.ts';
import { readSamples } from './space-samples.ts';
import { runTrial, toLines, type TrialPlan, type TrialResult } from './space-trials.ts';

const help = `Measure what a search space brings: recall@10 of text and image queries in the graph.

  npm run benchmark:search-space -- --vectors V.npy --queries Q.npy [options]

  --vectors <file>      rows that are images' vectors (float16 or float32)
  --queries <file>      rows that are texts' vectors of the same model
  --nearest <file>      the exact nearest rows for each query, 20 or more (else looked for here)
  --mixtures <n>        index n mixtures of two rows and noise, in place of the rows: harder (0)
  --held-out <n>        images that are not indexed, and asked for (400)
  --ef <list>           candidates of a search (64,128,256,512)
  --m <n>               links of the graph (16)
  --ef-construct <n>    candidates when it is built (200)
  --folds <1|2>         2: each half of the queries is asked with the statistics of the other (2)
  --only <list>         only the cases whose name contains one of these
  --rank <n> --power <p> --ridge <l> --text-share <r>
                        other choices than the defaults, for every case that has them
  --json <file>         also write the numbers, with machine and versions
  --help                this text

The statistics come from one half of the queries, and recall from the other. Each case is a graph
of its own in a temporary folder, with 8-bit vectors and the settings of the embedded store.
`;

await runCommand(async (args) => {
  const values = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const plan = await readPlan(values);
  if (!plan.ok) return plan;
  const cases = steps.filter(({ name }) =>
    values.only.split(',').some((part) => name.includes(part)),
  );
  const results: TrialResult[] = [];
  const { samples, graph } = plan.value;
  process.stdout.write(
    `${samples.images.length} images, ${samples.imageQueries.length} of others asked for, ${samples.textHalves.flat().length} texts; m ${graph.m}, ef_construct ${graph.efConstruct}\n\n`,
  );
  for (const one of cases) {
    const result = await runTrial(one, plan.value);
    if (!result.ok) return result;
    process.stdout.write(toLines(result.value));
    results.push(result.value);
  }
  if (values.json !== undefined) {
    const run = { command: 'benchmark:search-space', ...values, cases: results };
    await writeFile(values.json, `${JSON.stringify({ ...run, ...describeMachine() }, null, 2)}\n`);
  }
  return ok(0);
});

function readArguments(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      vectors: { type: 'string' },
      queries: { type: 'string' },
      nearest: { type: 'string' },
      mixtures: { type: 'string', default: '0' },
      'held-out': { type: 'string', default: '400' },
      ef: { type: 'string', default: '64,128,256,512' },
      m: { type: 'string', default: '16' },
      'ef-construct': { type: 'string', default: '200' },
      folds: { type: 'string', default: '2' },
      only: { type: 'string', default: '' },
      rank: { type: 'string' },
      power: { type: 'string' },
      ridge: { type: 'string' },
      'text-share': { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

type Arguments = ReturnType<typeof readArguments>;

async function readPlan(values: Arguments): Async<TrialPlan> {
  const { vectors, queries, nearest } = values;
  if (vectors === undefined || queries === undefined) {
    return wrongArgument('--vectors and --queries are needed');
  }
  const mixtures = parseCount('mixtures', values.mixtures, { min: 0, max: 2_000_000 });
  if (!mixtures.ok) return mixtures;
  const heldOut = parseCount('held-out', values['held-out'], { min: 10, max: 10_000 });
  if (!heldOut.ok) return heldOut;
  const m = parseCount('m', values.m, { min: 4, max: 128 });
  if (!m.ok) return m;
  const efConstruct = parseCount('ef-construct', values['ef-construct'], { min: 16, max: 2000 });
  if (!efConstruct.ok) return efConstruct;
  const folds = parseCount('folds', values.folds, { min: 1, max: 2 });
  if (!folds.ok) return folds;
  const efs: number[] = [];
  for (const text of values.ef.split(',')) {
    const ef = parseCount('ef', text, { min: 16, max: 10_000 });
    if (!ef.ok) return ef;
    efs.push(ef.value);
  }
  const choices = readChoices(values);
  if (Object.values(choices).some((value) => !(value >= 0))) {
    return wrongArgument('--rank, --power, --ridge and --text-share are numbers from 0 on');
  }
  const counts = { heldOut: heldOut.value, mixtures: mixtures.value };
  const samples = await readSamples({ vectors, queries, nearest }, counts);
  if (!samples.ok) return samples;
  const graph = { m: m.value, efConstruct: efConstruct.value };
  return ok({ samples: samples.value, graph, efs, folds: folds.value, choices });
}

function readChoices(values: Arguments): Partial<SearchSpaceChoices> {
  return {
    ...(values.rank !== undefined && { rank: Number(values.rank) }),
    ...(values.power !== undefined && { power: Number(values.power) }),
    ...(values.ridge !== undefined && { ridge: Number(values.ridge) }),
    ...(values['text-share'] !== undefined && { textShare: Number(values['text-share']) }),
  };
}
