import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readModelDirectory } from '../adapters/model-directory.ts';
import { imageId } from '../core/image-id.ts';
import type { SearchQuery } from '../core/model.ts';
import { ok } from '../core/result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { type Finished, runScript, startScript } from '../test/support/processes.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { listDemoPictures } from './demo-pictures.ts';
import { evaluateCutoff } from './evaluate-cutoff.ts';
import { evaluateExclusion } from './evaluate-exclusion.ts';
import { evaluateLikeness } from './evaluate-likeness.ts';
import { findShortfalls, type QueriesReport } from './evaluate-queries.ts';
import { isOneOf, type LabelsOf, readDemoLabels } from './evaluation-labels.ts';
import { type EvaluationQueries, readEvaluationQueries } from './evaluation-queries.ts';
import { meanSimilarity } from './evaluation-results.ts';

const createDirectory = useTemporaryDirectories();
const fileOf = (name: string) => path.join(import.meta.dirname, name);

describe('The labels of a demo picture', () => {
  const guide = { name: 'guide-dog', subgroup: 'animal-mammal', tags: ['blind'] };

  it.each([
    [['dog'], true],
    [['guide-dog'], true],
    [['=guide-dog'], true],
    [['=dog'], false],
    [['do'], false],
    [['in:animal-mammal'], true],
    [['in:animal-bird'], false],
    [['tag:blind'], true],
    [['cat', 'dog'], true],
    [['dog', 'not guide'], false],
    [['not cat'], false],
  ])('fit %j: %s', (terms, fits) => {
    expect(isOneOf(guide, terms)).toBe(fits);
  });
});

describe('The labelled queries', () => {
  let labelsOf: LabelsOf;
  let keys: readonly string[];
  let measured: EvaluationQueries;
  let tuning: EvaluationQueries;

  beforeAll(async () => {
    labelsOf = await readDemoLabels();
    keys = (await listDemoPictures()).map(({ key }) => key);
    measured = expectOk(await readEvaluationQueries(fileOf('evaluation-queries.json')));
    tuning = expectOk(await readEvaluationQueries(fileOf('evaluation-queries-tuning.json')));
  });

  it('are 60, 20 of each kind', () => {
    const { exclude, like, diversity } = measured;
    expect([exclude.length, like.length, diversity.length]).toEqual([20, 20, 20]);
  });

  it('have no term that fits no picture', () => {
    const queries = [...measured.exclude, ...measured.like, ...measured.diversity];
    const terms = [
      ...queries.flatMap(({ right }) => right),
      ...measured.exclude.flatMap(({ excluded }) => excluded),
    ];
    const idle = terms
      .map((term) => term.replace(/^not /, ''))
      .filter((term) => !keys.some((key) => isOneOf(labelsOf(key), [term])));
    expect(idle).toEqual([]);
  });

  it('are none of those that constants were chosen with', () => {
    const told = ({ exclude, like, diversity }: EvaluationQueries) => [
      ...exclude.map((one) => `${one.query} without ${one.exclude.join(', ')}`),
      ...like.map((one) => `${one.query} like ${one.like.join(', ')}`),
      ...diversity.map(({ query }) => query),
    ];
    const tuned = new Set(told(tuning));
    expect(told(measured).filter((one) => tuned.has(one))).toEqual([]);
  });

  it.each([
    ['{', 'the file is no JSON'],
    ['[]', 'expected object'],
    [
      '{ "about": "", "exclude": [{}], "like": [], "diversity": [], "nonsense": [] }',
      '"exclude.0.query"',
    ],
  ])('are refused where the file is not one of them: %s', async (text, said) => {
    const file = path.join(await createDirectory(), 'queries.json');
    await writeFile(file, text);
    const { detail } = expectFailure(await readEvaluationQueries(file));
    expect(detail).toContain(said);
    expect(detail).toContain(file);
  });
});

describe('What is counted', () => {
  const labelsOf: LabelsOf = (key) => ({ name: key, subgroup: '', tags: [] });
  /** Answers by hand: ids are those of the keys. */
  function indexOf(answers: (query: Partial<SearchQuery>) => string[]) {
    const keys = new Map(['dog', 'cat', 'owl', 'car'].map((key) => [imageId(key), key]));
    const ask = async (query: Partial<SearchQuery>) => {
      const results = answers(query).map((key) => ({ id: imageId(key) }));
      return ok({ results } as never);
    };
    return { keys, ask };
  }

  it('is how many excluded pictures are gone, and how many right ones are left', async () => {
    const index = indexOf(({ exclude }) => (exclude ? ['cat', 'car'] : ['dog', 'cat', 'owl']));
    const query = { query: 'animal', exclude: ['dog'], excluded: ['dog'], right: ['cat', 'owl'] };
    const report = expectOk(await evaluateExclusion(index, [query], labelsOf));
    expect(report).toMatchObject({
      excluded: { before: 1, after: 0 },
      right: { before: 2, after: 1 },
      fall: 1,
      right_kept: 0.5,
    });
  });

  it('is where the first right picture stands, without the picture that was asked with', async () => {
    const index = indexOf(() => ['dog', 'cat', 'owl']);
    const query = { like: ['dog'], query: 'flying', right: ['owl', 'dog'] };
    const { rows, hits } = expectOk(await evaluateLikeness(index, [query], labelsOf));
    expect(rows[0]?.rank).toEqual({ both: 2, text: 2, image: 2 });
    expect(hits.both).toEqual({ at_1: 0, at_3: 1, at_10: 1 });
  });

  it('is what of the tail was right, and what is left of nonsense', async () => {
    const index = indexOf(({ score_threshold: cut }) =>
      cut ? ['cat'] : ['cat', 'dog', 'owl', 'car'],
    );
    const query = { query: 'pet', right: new Set([imageId('cat'), imageId('dog')]) };
    expect(expectOk(await evaluateCutoff(index, [query], ['qwzx']))).toEqual({
      queries: 1,
      results: { before: 4, after: 1 },
      precision: { before: 0.5, after: 1 },
      right_kept: 0.5,
      nonsense: { queries: 1, results: { before: 4, after: 1 } },
    });
  });

  it('is how alike results are, in the mean of all pairs', () => {
    const vectors = [
      [1, 0],
      [1, 0],
      [0, 1],
    ].map((values) => Float32Array.from(values));
    expect(meanSimilarity(vectors)).toBeCloseTo(1 / 3);
  });

  it('is held against every bar', () => {
    const none = { rows: [], before: 0, after: 0 };
    const rates = { at_1: 0, at_3: 0.5, at_10: 1 };
    const report: QueriesReport = {
      exclude: { rows: [], excluded: none, right: none, fall: 0.79, right_kept: 0.89 },
      like: { rows: [], hits: { both: rates, text: rates, image: rates } },
      cutoff: {
        queries: 0,
        results: none,
        precision: none,
        right_kept: 0,
        nonsense: { queries: 0, results: none },
      },
      diversity: {
        rows: [],
        diversity: 0.5,
        similarity: none,
        fall: 0,
        best_kept: 0.95,
        right: none,
      },
    };
    const bars = { minFall: 0.8, minRightKept: 0.9, minSimilarityFall: 0.1 };
    expect(findShortfalls(report, bars).map((said) => said.split(':')[0])).toEqual([
      'exclude',
      'exclude',
      'like',
      'diversity',
      'diversity',
    ]);
  });
});

const Report = z.looseObject({
  exclude: z.looseObject({
    rows: z.array(z.looseObject({ excluded: z.object({ before: z.int(), after: z.int() }) })),
    fall: z.number(),
  }),
  like: z.looseObject({ hits: z.record(z.string(), z.object({ at_3: z.number() }).loose()) }),
  diversity: z.looseObject({ fall: z.number(), best_kept: z.number() }),
  cutoff: z.looseObject({
    precision: z.object({ before: z.number(), after: z.number() }),
    nonsense: z.looseObject({ results: z.object({ before: z.number(), after: z.number() }) }),
  }),
  shortfalls: z.array(z.string()),
});

const Calibrated = z.looseObject({
  calibration: z.object({ slope: z.number(), middle: z.number() }),
  held_out: z.looseObject({ expected_calibration_error: z.number() }),
});

// Half a minute of one core each.
describe('On the demo pictures, with the built-in model', { timeout: 400_000 }, () => {
  // Indexes that are thrown away are in a place of their own, as others look for what is left there.
  const env = { DATA_DIR: '', TMPDIR: '' };

  beforeAll(async () => {
    env.DATA_DIR = await createDirectory();
    env.TMPDIR = await createDirectory();
  });

  const left = async () =>
    (await readdir(env.TMPDIR)).filter((name) => name.startsWith('picture-search-evaluate-'));

  it('leaves no index behind when it is interrupted', async () => {
    const script = startScript('evaluate', ['queries'], env);
    await script.waitFor(/Drawing/);
    expect(await left()).toHaveLength(1);
    script.process.kill('SIGINT');
    const { code, stdout } = await script.finished;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(await left()).toEqual([]);
  });

  it('exclude, like and diversity do what they are for; a bar that is not reached ends with 2', async () => {
    const run = await runScript('evaluate', ['queries', '--json', '--min-fall', '1'], env);
    const { exclude, like, diversity, cutoff, shortfalls } = Report.parse(parse(run));
    expect(exclude.fall).toBeGreaterThanOrEqual(0.8);
    const idle = exclude.rows.filter(({ excluded }) => excluded.before === 0);
    expect(idle).toEqual([]);
    const { both, text, image } = like.hits;
    expect(both?.at_3).toBeGreaterThan(Math.max(text?.at_3 ?? 1, image?.at_3 ?? 1));
    expect(diversity.fall).toBeGreaterThanOrEqual(0.1);
    expect(diversity.best_kept).toBe(1);
    expect(cutoff.precision.after).toBeGreaterThan(cutoff.precision.before);
    expect(cutoff.nonsense.results.after).toBeLessThan(cutoff.nonsense.results.before / 2);
    // All other bars are reached.
    expect(shortfalls).toEqual([expect.stringMatching(/^exclude: excluded pictures fall by/)]);
    expect(run.code).toBe(2);
    expect(await left()).toEqual([]);
  });

  it('confidence is what is right, and the model has the calibration that is fitted anew', async () => {
    const MODEL_DIR = path.join(await createDirectory(), 'model');
    const shipped = path.join(import.meta.dirname, '../models/demo');
    await cp(shipped, MODEL_DIR, { recursive: true });
    const manifest = path.join(MODEL_DIR, 'model.json');
    const before: unknown = JSON.parse(await readFile(manifest, 'utf8'));
    const run = await runScript('evaluate', ['calibrate', '--json', '--write'], {
      ...env,
      MODEL_DIR,
    });
    const { calibration, held_out: held } = Calibrated.parse(parse(run));
    expect(held.expected_calibration_error).toBeLessThanOrEqual(0.05);
    expect(run.code).toBe(0);
    const after: unknown = JSON.parse(await readFile(manifest, 'utf8'));
    expect(after).toEqual({ ...z.looseObject({}).parse(before), calibration });
    expectOk(await readModelDirectory(MODEL_DIR));
    const { calibration: kept } = Calibrated.pick({ calibration: true }).parse(before);
    expect(kept.middle).toBeCloseTo(calibration.middle, 2);
    expect(kept.slope / calibration.slope).toBeCloseTo(1, 1);
  });
});

it.each([
  [['queries', '--min-fall', '2'], '--min-fall must be'],
  [['queries', '--min-right-kept', 'most'], '--min-right-kept must be'],
  [['queries', '--min-similarity-fall', ''], '--min-similarity-fall must be'],
  [['queries', '--queries', 'nowhere.json'], 'there is no file: nowhere.json'],
  [['queries', '--diversity'], '--diversity'],
])('says what is wrong with %j', async (args, said) => {
  const { code, stdout, stderr } = await runScript('evaluate', args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(said);
});

function parse({ stdout, stderr }: Finished): unknown {
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}
