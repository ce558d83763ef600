import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { confidenceOf } from '../core/confidence.ts';
import { imageId } from '../core/image-id.ts';
import { ok } from '../core/result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { runScript } from '../test/support/processes.ts';
import { seededRandom } from '../test/support/random.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { labelDemoQueries } from './calibrate-demo.ts';
import { fitCalibration, type LabelledScore } from './calibrate-fit.ts';
import { readPairs } from './calibrate-pairs.ts';
import { measureCalibration } from './calibrate-quality.ts';
import { writeCalibration } from './calibrate-write.ts';
import { calibrate } from './calibrate.ts';
import { drawDemoPictures, listDemoPictures } from './demo-pictures.ts';
import { readDemoLabels } from './evaluation-labels.ts';

const createDirectory = useTemporaryDirectories();
const truth = { slope: 25, middle: 0.3 };

function drawScores(count: number): LabelledScore[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, () => {
    const score = random() * 0.6;
    return { score, right: random() < confidenceOf(truth, score) };
  });
}

describe('The fit', () => {
  it('finds the curve that scores were drawn from', () => {
    const fitted = fitCalibration(drawScores(20_000));
    expect(fitted?.middle).toBeCloseTo(truth.middle, 2);
    expect((fitted?.slope ?? 0) / truth.slope).toBeCloseTo(1, 1);
  });

  it('stays finite where scores part right from wrong', () => {
    const scores = Array.from({ length: 40 }, (_, n) => ({ score: n / 100, right: n >= 20 }));
    const fitted = fitCalibration(scores);
    expect(fitted?.middle).toBeCloseTo(0.195, 2);
    expect(fitted?.slope).toBeLessThan(2000);
  });

  it.each([
    ['all are right', [true, true, true, true]],
    ['all are wrong', [false, false, false, false]],
    ['higher scores are right less often', [true, true, false, false]],
    ['there are none', []],
  ])('is none where %s', (_, rights) => {
    const scores = rights.map((right, place) => ({ score: place / 10, right }));
    expect(fitCalibration(scores)).toBeUndefined();
  });
});

describe('The quality of a calibration', () => {
  it('has a small error where what is said is so', () => {
    const { expected_calibration_error: error, bins } = measureCalibration(
      truth,
      drawScores(20_000),
    );
    expect(error).toBeLessThan(0.02);
    expect(bins.reduce((sum, { results }) => sum + results, 0)).toBe(20_000);
  });

  it('has the error that a person counts', () => {
    const scores = [
      { score: 0.3, right: true },
      { score: 0.3, right: true },
      { score: 0.3, right: true },
      { score: 0.3, right: false },
    ];
    const quality = measureCalibration(truth, scores);
    expect(quality.expected_calibration_error).toBeCloseTo(0.25);
    expect(quality.bins[5]).toMatchObject({ results: 4, confidence: 0.5, right: 0.75 });
  });
});

describe('Calibrating', () => {
  it('fits one half of the texts and judges by the other', async () => {
    const scores = drawScores(4000);
    const asked: number[] = [];
    const queries = Array.from({ length: 400 }, (_, place) => ({
      kind: place % 4 < 2 ? 'name' : 'phrase',
      query: String(place),
      isRight: ({ id }: { readonly id: string }) => scores[Number(id)]?.right ?? false,
    }));
    const report = expectOk(
      await calibrate(
        async ({ query = '' }) => {
          const results = Array.from({ length: 10 }, (_, n) => {
            const id = Number(query) * 10 + n;
            return { id: String(id), score: scores[id]?.score ?? 0 };
          });
          return ok({ results } as never);
        },
        queries,
        () => asked.push(1),
      ),
    );
    expect(report.calibration.middle).toBeCloseTo(truth.middle, 1);
    expect(report.fitted.results + report.held_out.results).toBe(4000);
    expect(Object.keys(report.kinds)).toEqual(['name', 'phrase']);
    expect(asked).toHaveLength(400);
  });
});

describe('The texts about demo pictures', () => {
  it('are right by every word of a name or keyword, and by the list of a phrase', async () => {
    const labelsOf = await readDemoLabels();
    const keys = (await listDemoPictures()).map(({ key }) => key);
    const queries = await labelDemoQueries(keys, labelsOf);
    const rightOf = (text: string) => queries.find(({ query }) => query === text)?.right;
    expect(rightOf('king of the jungle')).toEqual(new Set([imageId('animals-nature/lion.png')]));
    const counts = Map.groupBy(queries, ({ kind }) => kind);
    expect([...counts.keys()]).toEqual(['name', 'keyword', 'phrase']);
    expect(counts.get('name')).toHaveLength(400);
    const [first] = counts.get('name') ?? [];
    const names = keys.filter((key) => first?.right.has(imageId(key)));
    expect(names.some((key) => key.includes(first?.query.replaceAll(' ', '-') ?? '?'))).toBe(true);
    expect(queries.map(({ query }) => query)).not.toContain('man pilot');
  });
});

describe('The file of pairs', () => {
  async function write(text: string) {
    const file = path.join(await createDirectory(), 'pairs.jsonl');
    await writeFile(file, text);
    return file;
  }

  it('has a text and its pictures in every line', async () => {
    const file = await write('{"query":"a","ids":["7"]}\n\n{"query":"b","files":["x/y.jpg"]}\n');
    expect(expectOk(await readPairs(file))).toEqual([
      { query: 'a', ids: new Set(['7']), files: new Set() },
      { query: 'b', ids: new Set(), files: new Set(['x/y.jpg']) },
    ]);
  });

  it.each([
    ['{"query":"a","ids":["7"]}\n{"query":"b"}', 'in line 2 there must be "ids" or "files"'],
    ['{"query":"","ids":["7"]}', 'in line 1 "query"'],
    ['{"query":"a","ids":["seven"]}', 'in line 1 "ids.0"'],
    ['nothing', 'in line 1 there is no JSON object'],
  ])('is refused with the line that is wrong: %s', async (text, said) => {
    expect(expectFailure(await readPairs(await write(text))).detail).toContain(said);
  });
});

describe('npm run evaluate -- calibrate', { timeout: 300_000 }, () => {
  it('fits pairs over an index of one’s own, and changes no model unasked', async () => {
    const folder = await createDirectory();
    const env = { DATA_DIR: await createDirectory() };
    const wanted = (await listDemoPictures()).filter((_, place) => place % 25 === 0);
    await drawDemoPictures(folder, wanted, () => {}, new AbortController().signal);
    const indexed = await runScript('index', [folder], env);
    expect(indexed).toMatchObject({ code: 0 });
    const lines = wanted.map(({ key }) => {
      const query = path.basename(key, '.png').replaceAll('-', ' ');
      return JSON.stringify({ query, files: [key] });
    });
    const pairs = path.join(folder, 'pairs.jsonl');
    await writeFile(pairs, lines.join('\n'));
    const manifest = path.join(import.meta.dirname, '../models/demo/model.json');
    const before = await readFile(manifest, 'utf8');
    const args = ['calibrate', '--pairs', pairs, '--max-error', '1'];
    const { code, stdout, stderr } = await runScript('evaluate', args, env);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/demo: slope [\d.]+, middle 0\.\d+; 6\d texts/);
    expect(await readFile(manifest, 'utf8')).toBe(before);
    const few = path.join(folder, 'few.jsonl');
    await writeFile(few, lines.slice(0, 49).join('\n'));
    const refused = await runScript('evaluate', ['calibrate', '--pairs', few], env);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('must have 50 texts or more: 49');
  });

  it('says where a model.json can not be written', async () => {
    const directory = await createDirectory();
    const { detail } = expectFailure(await writeCalibration(directory, truth));
    expect(detail).toContain(path.join(directory, 'model.json'));
  });

  it.each([
    [{}, ['--max-error', 'small'], '--max-error must be'],
    [{}, ['--pairs', 'nowhere.jsonl'], 'there is no file: nowhere.jsonl'],
    [{ ENCODER_URL: 'http://127.0.0.1:9' }, ['--write'], "--write needs the model's directory"],
  ])('says what is wrong with %j %j', async (env, args, said) => {
    const { code, stdout, stderr } = await runScript('evaluate', ['calibrate', ...args], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
  });
});
