import { writeFile } from 'node:fs/promises';
import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { CollectionInfo } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { runCommand } from './command.ts';
import type { EffortChoice } from './effort-sweep.ts';
import { type Opened, withEngine } from './open-local.ts';
import { readQueryVectors } from './query-vectors.ts';
import { type Tuned, tuneEffort } from './tune-effort.ts';
import { parseTuneArguments, type TuneArguments, tuneHelp } from './tune-options.ts';
import {
  createRowNumbers,
  judgeQueries,
  splitQueries,
  type StoredVector,
  takeVectors,
} from './tune-queries.ts';
import { formatChoice, formatCurve, nameOf, plotTuned } from './tune-report.ts';
import { tuneSearchSpace } from './tune-search-space.ts';

/** Enough for the mean and the main directions of a search space. */
const sampleSize = 5000;

/** Qdrant, too, looks at all of so few. */
const fewVectors = 100;

await runCommand(async (args) => {
  const options = parseTuneArguments(args);
  if (!options.ok) return options;
  if (options.value === undefined) {
    process.stdout.write(tuneHelp);
    return ok(0);
  }
  const asked = options.value;
  return withEngine((opened) => tune(opened, asked));
});

interface Tuning extends TuneArguments {
  readonly info: CollectionInfo;
  readonly texts: readonly Vector[];
  readonly stored: readonly StoredVector[];
}

async function tune(opened: Opened, options: TuneArguments): Async<number> {
  const { store, bareEncoder } = opened.engine;
  const info = await store.describe();
  if (!info.ok) return info;
  const { exact, ef, oversampling } = info.value.effort;
  if (exact || info.value.vectorsCount <= fewVectors) return tellSmall(info.value, options);
  const texts = await readQueryVectors(bareEncoder, options.queries, options.numQueries);
  if (!texts.ok) return texts;
  const needed = options.searchSpace ? sampleSize : Math.ceil(options.numQueries / 2);
  const stored = await takeVectors(store, needed);
  if (!stored.ok) return stored;
  process.stderr.write(`In force: ${nameOf({ ef, oversampling })}.\n`);
  const tuning = { ...options, info: info.value, texts: texts.value, stored: stored.value };
  return options.searchSpace ? tuneSpace(opened, tuning) : tuneReach(opened, tuning);
}

function tellSmall({ collection, vectorsCount }: CollectionInfo, { json }: TuneArguments) {
  const sentence = `There is nothing to tune: ${collection} has ${vectorsCount} vectors, so few that every search looks at all of them and misses none.`;
  process.stdout.write(
    json ? `${JSON.stringify({ tuned: false, why: sentence })}\n` : `${sentence}\n`,
  );
  return ok(0);
}

async function tuneReach({ engine: { store }, config }: Opened, tuning: Tuning): Async<number> {
  const { info, texts, stored, k, target } = tuning;
  const rowOf = createRowNumbers();
  const judged = await judgeQueries(store, { texts, images: stored, k, rowOf });
  if (!judged.ok) return judged;
  const halves = splitQueries(judged.value);
  const tuned = await tuneEffort({ store, halves, target, k, rowOf });
  if (!tuned.ok) return tuned;
  const { collection, vectorsCount: count } = info;
  if (tuning.svg !== undefined) {
    await writeFile(tuning.svg, plotTuned(tuned.value, { collection, count, k, target }));
  }
  const after = effortOf(tuned.value.chosen?.first);
  const kept = after && !tuning.dryRun ? await store.setEffort(after) : ok(undefined);
  if (!kept.ok) return kept;
  tell(tuned.value, { ...tuning, after, overruledBy: config.QDRANT_HNSW_EF });
  return ok(after ? 0 : 2);
}

function effortOf(point: EffortChoice): EffortChoice;
function effortOf(point: EffortChoice | undefined): EffortChoice | undefined;
function effortOf(point: EffortChoice | undefined): EffortChoice | undefined {
  return point && { ef: point.ef, oversampling: point.oversampling };
}

interface Told extends Tuning {
  readonly after: EffortChoice | undefined;
  readonly overruledBy: number | undefined;
}

function tell(tuned: Tuned, told: Told): void {
  const { info, after, dryRun, target, k, overruledBy } = told;
  const before = effortOf(info.effort);
  if (told.json) {
    const { collection, vectorsCount: count } = info;
    const report = {
      collection,
      count,
      k,
      target,
      before,
      after,
      dry_run: dryRun,
      overruled_by: overruledBy,
    };
    process.stdout.write(`${JSON.stringify({ ...report, ...tuned }, null, 2)}\n`);
  } else {
    const change = after
      ? `${dryRun ? 'It would be' : 'Kept'}: ${nameOf(before)} → ${nameOf(after)}.\n`
      : '';
    process.stdout.write(`${formatCurve(tuned)}\n\n${formatChoice(tuned, target)}${change}`);
  }
  if (overruledBy !== undefined) warnOverruled(overruledBy);
}

function warnOverruled(ef: number): void {
  process.stderr.write(
    `WARNING: QDRANT_HNSW_EF=${ef} is set and goes before what is kept with the index: remove it, or nothing of this has any effect.\n`,
  );
}

async function tuneSpace(
  { engine: { store, bareEncoder } }: Opened,
  tuning: Tuning,
): Async<number> {
  const { info, texts, stored, k, dryRun } = tuning;
  const halves = [0, 1].map((half) => texts.filter((_, place) => place % 2 === half));
  const [fit = [], ask = []] = halves;
  const rowOf = createRowNumbers();
  const images = stored.slice(0, ask.length);
  const queries = await judgeQueries(store, { texts: ask, images, k, rowOf });
  if (!queries.ok) return queries;
  const tuned = await tuneSearchSpace({
    store,
    info,
    k,
    rowOf,
    dryRun,
    model: bareEncoder.model,
    images: stored.map(({ vector }) => vector),
    texts: fit,
    queries: queries.value,
  });
  if (!tuned.ok) return tuned;
  const { before, after, won, ef } = tuned.value;
  if (tuning.json) {
    process.stdout.write(`${JSON.stringify({ ...tuned.value, dry_run: dryRun }, null, 2)}\n`);
    return ok(0);
  }
  const line = (name: string, point: typeof before) =>
    `  ${name}  texts ${point.text.recall.toFixed(4)}, images ${point.image.recall.toFixed(4)}, p95 ${point.text.p95_ms.toFixed(2)} ms\n`;
  const verdict = won
    ? `The new search space wins${dryRun ? '' : ', and the index is in it now: run npm run tune again'}.\n`
    : 'The new search space does not win: the index stays as it was.\n';
  process.stdout.write(
    `Recall@${k} at ef ${ef}, of texts that the space was not made from:\n${line('before', before)}${line('after ', after)}${verdict}`,
  );
  return ok(0);
}
