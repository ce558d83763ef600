import type { Async, Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { modelDirectoryOf } from '../gpu-service/open-encoder.ts';
import { labelDemoQueries } from './calibrate-demo.ts';
import {
  calibrateHelp,
  type CalibrateOptions,
  parseCalibrateArguments,
} from './calibrate-options.ts';
import { type LabelledPair, readPairs } from './calibrate-pairs.ts';
import { formatCalibration } from './calibrate-report.ts';
import { writeCalibration } from './calibrate-write.ts';
import { calibrate, type CalibrationReport, type JudgedQuery } from './calibrate.ts';
import { wrongArgument } from './command.ts';
import { parseShare } from './evaluate-recall-options.ts';
import { createAsk, type EvaluationIndex, openDemoIndex } from './evaluation-index.ts';
import { readDemoLabels } from './evaluation-labels.ts';
import { describeMachine } from './machine.ts';
import { readLocalConfig, withEngine } from './open-local.ts';
import { createProgress } from './progress.ts';

/** Fewer leave too little for two halves. */
const fewestPairs = 50;

type ModelReport = CalibrationReport & { readonly model: string; readonly revision: string };

export async function calibrateCommand(args: string[]): Async<number> {
  const options = parseCalibrateArguments(args);
  if (options.help) {
    process.stdout.write(calibrateHelp);
    return ok(0);
  }
  const maxError = parseShare('max-error', options['max-error']);
  if (!maxError.ok) return maxError;
  const config = readLocalConfig();
  if (!config.ok) return config;
  const writable = checkWritable(options, config.value);
  if (!writable.ok) return writable;
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interruption.abort());
  const report = await measure(config.value, options.pairs, interruption.signal);
  if (interruption.signal.aborted) {
    process.stderr.write('Interrupted: nothing is changed.\n');
    return ok(130);
  }
  if (!report.ok) return report;
  const all = { ...describeMachine(), labels: options.pairs ?? 'demo', ...report.value };
  process.stdout.write(options.json ? `${JSON.stringify(all, null, 2)}\n` : formatCalibration(all));
  const error = report.value.held_out.expected_calibration_error;
  if (error > (maxError.value ?? 1)) return ok(2);
  if (!options.write) return ok(0);
  const written = await writeCalibration(modelDirectoryOf(config.value), report.value.calibration);
  if (!written.ok) return written;
  process.stderr.write(`Written into ${written.value}\n`);
  return ok(0);
}

function checkWritable(
  { write }: CalibrateOptions,
  config: GpuServiceConfig,
): Result<void, Failure> {
  if (!write || config.ENCODER_URL === undefined) return ok(undefined);
  return wrongArgument(
    `--write needs the model's directory here, and the model is another service's: ${config.ENCODER_URL}`,
  );
}

async function measure(
  config: GpuServiceConfig,
  path: string | undefined,
  signal: AbortSignal,
): Async<ModelReport> {
  if (path !== undefined) {
    const pairs = await readPairs(path);
    return pairs.ok ? measurePairs(pairs.value, signal) : pairs;
  }
  const index = await openDemoIndex(config, signal);
  if (!index.ok) return index;
  try {
    return await measureDemo(index.value);
  } finally {
    await index.value.close();
  }
}

async function measureDemo({ model, keys, ask }: EvaluationIndex): Async<ModelReport> {
  if (model.id !== 'demo') {
    return wrongArgument(
      `the labels here are those of pictograms, for the built-in model; give --pairs of your own pictures for ${model.id}`,
    );
  }
  const queries = await labelDemoQueries(keys.values(), await readDemoLabels());
  const judged = queries.map(({ kind, query, right }) => {
    return { kind, query, isRight: ({ id }: { readonly id: string }) => right.has(id) };
  });
  const report = await fit(ask, judged);
  return report.ok ? ok({ model: model.id, revision: model.revision, ...report.value }) : report;
}

async function measurePairs(
  pairs: readonly LabelledPair[],
  signal: AbortSignal,
): Async<ModelReport> {
  if (pairs.length < fewestPairs) {
    return wrongArgument(`--pairs must have ${fewestPairs} texts or more: ${pairs.length}`);
  }
  return withEngine(async ({ engine: { encoder, store } }) => {
    const judged = pairs.map(({ query, ids, files }): JudgedQuery => {
      const isRight: JudgedQuery['isRight'] = ({ id, metadata }) =>
        ids.has(id) || files.has(metadata.file_path);
      return { kind: 'pairs', query, isRight };
    });
    const report = await fit(createAsk({ encoder, store }, signal), judged);
    const { id: model, revision } = encoder.model;
    return report.ok ? ok({ model, revision, ...report.value }) : report;
  });
}

async function fit(ask: EvaluationIndex['ask'], judged: readonly JudgedQuery[]) {
  const progress = createProgress('Asking  ', judged.length);
  const report = await calibrate(ask, judged, () => progress.advance(1));
  progress.stop();
  return report;
}
