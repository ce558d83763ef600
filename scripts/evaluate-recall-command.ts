import { type Async, failure } from '../core/failure.ts';
import { computeSearchSpace } from '../core/compute-search-space.ts';
import type { Vector } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { wrongArgument } from './command.ts';
import { describeMachine } from './machine.ts';
import {
  parseRecallArguments,
  parseRecallNumbers,
  recallHelp,
  type RecallNumbers,
  type RecallOptions,
} from './evaluate-recall-options.ts';
import { type EvaluationPart, evaluateRecall, type RecallReport } from './evaluate-recall.ts';
import { readUnitVectors } from './evaluation-rows.ts';
import { readNearest } from './nearest-rows.ts';
import { type NpyFile, openNpy } from './npy-reader.ts';
import { readLocalConfig } from './open-local.ts';
import { formatRecall } from './recall-report.ts';
import { openThrowAwayStore } from './throw-away-store.ts';

export { recallHelp };

export async function evaluateRecallCommand(args: string[]): Async<number> {
  const options = parseRecallArguments(args);
  if (options.help) {
    process.stdout.write(recallHelp);
    return ok(0);
  }
  const numbers = parseRecallNumbers(options);
  if (!numbers.ok) return numbers;
  const config = readLocalConfig();
  if (!config.ok) return config;
  if (options.plain) config.value.SEARCH_SPACE = 'off';
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interruption.abort());
  const begin = performance.now();
  const report = await evaluate(config.value, options, numbers.value, interruption.signal);
  if (interruption.signal.aborted) {
    process.stderr.write('Interrupted: what was built is removed.\n');
    return ok(130);
  }
  if (!report.ok) return report;
  const seconds = (performance.now() - begin) / 1000;
  const settings = settingsOf(config.value, options, numbers.value);
  const all = { ...describeMachine(), ...settings, seconds, ...report.value };
  process.stdout.write(options.json ? `${JSON.stringify(all, null, 2)}\n` : formatRecall(all));
  return ok(isEnough(report.value, numbers.value) ? 0 : 2);
}

async function evaluate(
  config: GpuServiceConfig,
  options: RecallOptions,
  numbers: RecallNumbers,
  signal: AbortSignal,
): Async<RecallReport> {
  const inputs = await openInputs(options);
  if (!inputs.ok) return inputs;
  const { vectors, texts } = inputs.value;
  const ks = [...new Set([1, 10, 100, numbers.k])].sort((a, b) => a - b);
  const shape = { queries: texts.length, rows: vectors.rows, k: Math.max(...ks) };
  const nearest = options.nearest ? await readNearest(options.nearest, shape) : ok(undefined);
  if (!nearest.ok) return nearest;
  const parts = await partsOf(config, options, texts);
  if (!parts.ok) return parts;
  const model = { id: 'evaluate', revision: '1', dimensions: vectors.columns };
  return evaluateRecall({
    ...numbers,
    vectors,
    texts,
    nearest: nearest.value,
    ks,
    parts: parts.value,
    makeSpace: config.SEARCH_SPACE === 'off' ? undefined : makeSpace,
    open: (searchSpace) =>
      openThrowAwayStore(config, { model, searchSpace, exactUpTo: numbers.exactUpTo }),
    signal,
  });
}

async function openInputs(
  options: RecallOptions,
): Async<{ readonly vectors: NpyFile; readonly texts: readonly Vector[] }> {
  if (options.vectors === undefined || options.queries === undefined) {
    return wrongArgument('it needs --vectors and --queries (see --help)');
  }
  const vectors = await openNpy(options.vectors);
  if (!vectors.ok) return vectors;
  const texts = await readUnitVectors(options.queries);
  if (!texts.ok) return texts;
  const length = texts.value[0]?.length ?? 0;
  if (vectors.value.rows === 0 || length !== vectors.value.columns) {
    return wrongArgument(
      `vectors and queries must be of one length, and not none: ${vectors.value.columns}, ${length}`,
    );
  }
  return ok({ vectors: vectors.value, texts: texts.value });
}

/** Fewer tell nothing of the directions in which texts differ. */
const fewestForHalves = 20;

async function partsOf(
  config: GpuServiceConfig,
  options: RecallOptions,
  texts: readonly Vector[],
): Async<EvaluationPart[]> {
  const places = [...texts.keys()];
  if (config.SEARCH_SPACE === 'off') return ok([{ fit: [], ask: places }]);
  if (options['search-space'] !== 'halves') {
    const others = await readUnitVectors(options['search-space']);
    return others.ok ? ok([{ fit: others.value, ask: places }]) : others;
  }
  if (texts.length < fewestForHalves) {
    return wrongArgument(
      `halves need ${fewestForHalves} queries, or --search-space T.npy, or --plain: ${texts.length}`,
    );
  }
  // Every other one, as neighbours in a list of words are often alike.
  const halves = [0, 1].map((half) => places.filter((place) => place % 2 === half));
  return ok(halves.map((ask) => ({ fit: texts.filter((_, place) => !ask.includes(place)), ask })));
}

async function makeSpace(images: readonly Vector[], texts: readonly Vector[]) {
  const space = computeSearchSpace({ images, texts });
  if (space.ok) return space;
  return err(failure('invalid_field', `Cannot make a search space as ${space.error}`));
}

function settingsOf(config: GpuServiceConfig, options: RecallOptions, numbers: RecallNumbers) {
  const plain = config.SEARCH_SPACE === 'off';
  return {
    vectors: options.vectors,
    queries: options.queries,
    truth: options.nearest ?? 'computed',
    store: config.VECTOR_STORE,
    m: config.QDRANT_HNSW_M,
    ef_construct: config.QDRANT_HNSW_EF_CONSTRUCT,
    search_space: plain ? 'none' : options['search-space'],
    seed: numbers.seed,
  };
}

function isEnough({ rows }: RecallReport, { k, minRecall, minFilteredRecall }: RecallNumbers) {
  return rows.every((row) => {
    if (row.from !== 'text' || row.k !== k) return true;
    const least = row.filter === 'all' ? minRecall : minFilteredRecall;
    return least === undefined || row.recall >= least;
  });
}
