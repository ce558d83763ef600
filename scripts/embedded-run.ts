import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import type { Async } from '../core/failure.ts';
import type { CollectionInfo, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { type Phases, createPhases } from './embedded-phases.ts';
import {
  type VectorSource,
  createSpaceMaker,
  createVectorSource,
  pointsOf,
  putIn,
} from './embedded-points.ts';
import { type Share, type Times, judgeSearches, timeSearches } from './embedded-searches.ts';
import { createProgress } from './progress.ts';

export interface EmbeddedRun {
  readonly directory: string;
  /** The collection was built by an earlier run. */
  readonly isThere: boolean;
  readonly count: number;
  readonly dimensions: number;
  readonly like: 'clip' | 'noise';
  readonly queries: number;
  /** Whether the collection moves to a search space. */
  readonly space: boolean;
  readonly ef: number | undefined;
  readonly m: number;
  readonly efConstruct: number;
  /** Points that are put in while searches go on. */
  readonly more: number;
  /** Whether searches beside `optimize` are timed, which builds the index once more. */
  readonly again: boolean;
}

export interface EmbeddedFigures {
  readonly phases: Phases['done'];
  readonly making_seconds: number;
  readonly disk_mb: number;
  readonly collection: Pick<CollectionInfo, 'vectorsCount' | 'indexed' | 'effort'>;
  readonly search: readonly Share[];
  readonly idle: Times;
  readonly indexing: Times;
  readonly optimizing: Times | null;
}

/** Builds a collection in a fresh folder and asks it. */
export async function runEmbedded(run: EmbeddedRun): Async<EmbeddedFigures> {
  const source = createVectorSource(run.like, run.dimensions);
  const phases = createPhases(({ name, seconds, peak_rss_mb: mb }) => {
    process.stderr.write(`${name}: ${seconds.toFixed(1)} s, at most ${mb.toFixed(0)} MB\n`);
  });
  const making = run.isThere ? ok(0) : await make(run, source, phases);
  if (!making.ok) return making;
  const disk = (await bytesBelow(run.directory)) / 2 ** 20;
  const opened = await phases.measure('open', () => open(run, source));
  if (!opened.ok) return opened;
  const asked = await ask(opened.value, run, source, phases);
  await phases.measure('last close', () => opened.value.close());
  if (!asked.ok) return asked;
  const { done } = phases;
  return ok({ phases: done, making_seconds: making.value, disk_mb: disk, ...asked.value });
}

async function make(run: EmbeddedRun, source: VectorSource, phases: Phases): Async<number> {
  const made = await phases.measure('create', () => open(run, source));
  if (!made.ok) return made;
  const making = await build(made.value, run, source, phases);
  await phases.measure('close', () => made.value.close());
  return making;
}

function open(
  { directory, dimensions, space, ef, m, efConstruct }: EmbeddedRun,
  source: VectorSource,
) {
  return createEmbeddedStore({
    directory,
    collection: 'benchmark',
    model: { id: 'benchmark', revision: '1', dimensions },
    m,
    efConstruct,
    ef,
    searchSpace: space ? createSpaceMaker(source) : null,
  });
}

async function build(
  store: VectorStore,
  { count }: EmbeddedRun,
  source: VectorSource,
  phases: Phases,
): Async<number> {
  const progress = createProgress('Vectors', count);
  const making = await phases.measure('insert', () =>
    putIn(store, source, [0, count], progress.advance),
  );
  progress.stop();
  const optimized = await phases.measure('optimize', () => store.optimize());
  return optimized.ok ? making : optimized;
}

async function ask(
  store: VectorStore,
  run: EmbeddedRun,
  source: VectorSource,
  phases: Phases,
): Async<Omit<EmbeddedFigures, 'phases' | 'making_seconds' | 'disk_mb'>> {
  const described = await store.describe();
  if (!described.ok) return described;
  const { vectorsCount, indexed, effort } = described.value;
  const queries = source.texts(run.queries);
  const search = await phases.measure('search', () => judgeSearches(store, queries));
  if (!search.ok) return search;
  const idle = await phases.measure('search alone', () => timeSearches(store, queries));
  if (!idle.ok) return idle;
  const many = Array.from({ length: 1_000 }, () => queries).flat();
  const beside = (name: string, work: () => Async<unknown>) =>
    phases.measure(name, () => searchBeside(store, many, work));
  // Made before, as making them takes this thread's time.
  const points = pointsOf(source, run.count, run.more);
  const indexing = await beside('search while indexing', () => store.upsert(points));
  if (!indexing.ok) return indexing;
  const optimizing = run.again
    ? await beside('search while optimizing', () => store.optimize())
    : ok(null);
  if (!optimizing.ok) return optimizing;
  return ok({
    collection: { vectorsCount, indexed, effort },
    search: search.value,
    idle: idle.value,
    indexing: indexing.value,
    optimizing: optimizing.value,
  });
}

async function searchBeside(
  store: VectorStore,
  queries: Parameters<typeof timeSearches>[1],
  work: () => Async<unknown>,
): Async<Times> {
  const until = { over: false };
  const working = work().finally(() => (until.over = true));
  const times = await timeSearches(store, queries, until);
  const worked = await working;
  return worked.ok ? times : worked;
}

async function bytesBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async ({ parentPath, name }) => {
      const { blocks } = await stat(path.join(parentPath, name));
      return blocks * 512;
    });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
