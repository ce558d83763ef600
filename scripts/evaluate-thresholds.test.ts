import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { runScript } from '../test/support/processes.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { findBelow, readThresholds } from './evaluate-thresholds.ts';

const newDirectory = useTemporaryDirectories();
const root = path.join(import.meta.dirname, '..');
const stored = path.join(root, 'models/demo/thresholds.json');

async function readReport(): Promise<Record<string, unknown>> {
  return JSON.parse(
    await readFile(path.join(root, 'docs/benchmarks/queries-demo.json'), 'utf8'),
  ) as Record<string, unknown>;
}

describe('The stored thresholds of the built-in model', () => {
  it('are reached by what was measured, and not by far', async () => {
    const { least, most, about } = expectOk(await readThresholds(stored));
    const report = await readReport();
    expect(findBelow(report, { about, least, most })).toEqual([]);
    // A tenth more would be too much for every one that is not full already: none is there for show.
    const raised = Object.fromEntries(
      Object.entries(least).map(([name, bound]) => [name, Math.min(bound * 1.2, 1.0001)]),
    );
    expect(findBelow(report, { about, least: raised, most: {} })).toHaveLength(
      Object.keys(least).length,
    );
  });

  it('name what is below, above, or not in the report', () => {
    const report = { exclude: { fall: 0.5 }, cutoff: { results: 9, right: null } };
    const least = { 'exclude.fall': 0.8, 'exclude.gone': 1, 'cutoff.right': 0 };
    expect(findBelow(report, { about: '', least, most: { 'cutoff.results': 2 } })).toEqual([
      'exclude.fall: 0.5, and the least is 0.8',
      'exclude.gone: the report has no such number',
      'cutoff.right: the report has no such number',
      'cutoff.results: 9, and the most is 2',
    ]);
  });
});

describe('A file of thresholds', () => {
  it.each([
    ['{', 'the file is no JSON'],
    ['{ "about": "", "least": { "exclude": "much" } }', 'least.exclude is not valid'],
    ['{ "about": "", "last": {} }', 'is not valid'],
  ])('is refused where it is not one: %s', async (text, said) => {
    const file = path.join(await newDirectory(), 'thresholds.json');
    await writeFile(file, text);
    const { detail } = expectFailure(await readThresholds(file));
    expect(detail).toContain(said);
    expect(detail).toContain(file);
  });

  it('must be there before anything is measured', async () => {
    const { code, stderr } = await runScript('evaluate', ['queries', '--thresholds', 'gone.json']);
    expect(stderr).toContain('there is no file: gone.json');
    expect(code).toBe(1);
  });
});
