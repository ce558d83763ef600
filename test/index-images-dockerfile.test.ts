import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { IndexImagesConfig } from '../functions/index-images/config.ts';
import { bundleTargets } from '../scripts/bundle-targets.ts';
import {
  all,
  copies,
  environment,
  execForm,
  filesReachedFrom,
  last,
  readStages,
  readText,
  root,
  stageOf,
} from './support/dockerfile.ts';

const stages = readStages('functions/index-images/Dockerfile');
const image = stageOf(stages, 'function');
const target = bundleTargets['index-images'];

const Package = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});
const packageOf = (folder: string) =>
  Package.parse(JSON.parse(readText(join(folder, 'package.json'))));

/** Needed by the script that fetches CUDA libraries, which is not run. */
const installOnly = new Set(['adm-zip', 'global-agent']);

describe('the image of the indexing function', () => {
  it('is one of Lambda, of the Node that the project has', () => {
    const [major] = /\d+/.exec(packageOf('.').devDependencies['node'] ?? '') ?? [];
    expect(image.base).toBe(`public.ecr.aws/lambda/nodejs:${major}`);
    expect(stageOf(stages, 'node').base).toMatch(new RegExp(`^node:${major}[-.]`));
    expect(stages.at(-1)).toBe(image);
    expect(execForm(last(image, 'CMD'))).toEqual(['lambda.handler']);
  });

  it('belongs to root as it is, and has nothing to write to', () => {
    for (const words of all(image, 'COPY')) expect(words).not.toContain('--chown');
    expect([...all(image, 'USER'), ...all(image, 'VOLUME')]).toEqual([]);
    const readable = stages.flatMap((stage) => all(stage, 'RUN')).join('\n');
    for (const folder of ['/bundle', '/model'])
      expect(readable).toContain(`chmod -R a+rX ${folder}`);
  });

  it('sets variables that the function reads', () => {
    const set = environment(image);
    const nodes = ['NODE_ENV', 'NODE_OPTIONS', 'UV_THREADPOOL_SIZE'];
    const known = new Set([...Object.keys(IndexImagesConfig.shape), ...nodes]);
    expect(Object.keys(set).filter((name) => !known.has(name))).toEqual([]);
    const config = IndexImagesConfig.parse({ ...set, PICTURES_BUCKET: 'pictures' });
    expect(config).toMatchObject({ MODEL_DIR: '/model', MAX_RECEIVES: 3 });
  });

  it('copies only what is there', () => {
    const ignored = readText('.dockerignore').split('\n');
    for (const { source, from } of stages.flatMap(copies)) {
      if (from !== undefined) {
        expect(stages.map(({ name }) => name)).toContain(from);
      } else {
        expect(join(root, source)).toSatisfy(existsSync);
        expect(ignored).toContain(`!${source.split('/')[0]}`);
      }
    }
  });

  it.each([
    ['bundle', ['scripts/bundle.ts', 'functions/index-images/main.ts']],
    ['model', ['scripts/models.ts']],
  ])('has every file that its stage %s runs', (name, mains) => {
    const sources = [...copies(stageOf(stages, name)), ...copies(stageOf(stages, 'node'))];
    const folders = sources.flatMap(({ source, from }) => (from ? [] : [source]));
    const files = filesReachedFrom(...mains).filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(5);
    const missing = files.filter(
      (file) => !folders.some((folder) => file.startsWith(`${folder}/`)),
    );
    expect(missing).toEqual([]);
  });

  it('has the packages that a bundle cannot have, all that these need, and no others', () => {
    const needed = new Set(target?.native);
    expect(needed).toContain('onnxruntime-node');
    for (const name of needed) {
      const { dependencies } = packageOf(join('node_modules', name));
      for (const each of Object.keys(dependencies)) if (!installOnly.has(each)) needed.add(each);
    }
    // The platform's own half of sharp is an optional package beside this one.
    expect(needed.delete('@img/colour')).toBe(true);
    needed.add('@img');
    const copied = copies(image).filter(({ from }) => from === 'packages');
    const names = copied.map(({ source }) => source.replace('/app/node_modules/', ''));
    expect(new Set(names)).toEqual(needed);
    for (const { source, target: to } of copied) {
      expect(to).toBe(source.replace('/app/', '/var/task/'));
    }
  });

  it('contains the native files of its own platform alone, whichever of the two that is', () => {
    const commands = all(stageOf(stages, 'packages'), 'RUN');
    const command = commands.find((run) => run.startsWith('case ')) ?? '';
    const binaries = globSync('node_modules/onnxruntime-node/bin/napi-v*/*/*', { cwd: root });
    const removals = command.split(' ').filter((word) => word.startsWith('node_modules/'));
    for (const [machine, kept] of [
      ['x86_64', 'x64'],
      ['aarch64', 'arm64'],
    ] as const) {
      const [, other = ''] = new RegExp(`${machine}\\) other=(\\w+) ;;`).exec(command) ?? [];
      const removed = removals.map((path) => path.replace('$other', other));
      for (const path of removed) expect(join(root, path)).toSatisfy(existsSync);
      const left = binaries.filter((file) => !removed.some((path) => file.startsWith(path)));
      expect(left).toEqual([`node_modules/onnxruntime-node/bin/napi-v6/linux/${kept}`]);
    }
  });
});
