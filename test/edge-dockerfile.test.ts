import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  all,
  copies,
  execForm,
  filesReachedFrom,
  isWithin,
  last,
  packagesOf,
  readStages,
  root,
  stageOf,
} from './support/dockerfile.ts';

const stages = readStages('edge/Dockerfile');
const edge = stageOf(stages, 'edge');
const main = 'edge/main.ts';

describe('the image of the edge', () => {
  it('starts the edge as process 1, as someone who is not root', () => {
    expect(execForm(last(edge, 'CMD'))).toEqual(['node', expect.stringMatching(/^--/), main]);
    expect(last(edge, 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  it('has every file that the edge imports, at its start or later', () => {
    const folders = copies(edge).flatMap(({ source, from }) => (from ? [] : [source]));
    for (const folder of folders) expect(join(root, folder)).toSatisfy(existsSync);
    const files = filesReachedFrom(main);
    expect(files.length).toBeGreaterThan(40);
    const missing = files.filter((file) => !folders.some((folder) => isWithin(file, folder)));
    expect(missing).toEqual([]);
  });

  it('leaves out packages that it does not import, and no other', () => {
    const removed = all(stageOf(stages, 'packages'), 'RUN')
      .filter((command) => command.startsWith('rm -r '))
      .flatMap((command) => command.split(' ').slice(2));
    expect(removed.length).toBeGreaterThan(3);
    for (const path of removed) expect(join(root, path)).toSatisfy(existsSync);
    const imported = packagesOf(filesReachedFrom(main));
    expect(imported).toContain('hono');
    const lost = imported.filter((name) =>
      removed.some((path) => isWithin(`node_modules/${name}`, path)),
    );
    expect(lost).toEqual([]);
  });
});
