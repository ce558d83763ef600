import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as z from 'zod';

const LockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      license: z.string().optional(),
      dev: z.boolean().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

const { packages } = LockFile.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8')),
);

it('locks the native packages of every platform, not only of the one it was made on', () => {
  const locked = new Set(
    Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')),
  );
  const missing = Object.values(packages).flatMap(({ optionalDependencies }) =>
    Object.keys(optionalDependencies ?? {}).filter((name) => !locked.has(name)),
  );
  expect(missing).toEqual([]);
});

it('names no registry, so that it installs from whichever is configured', () => {
  expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});

it('ships only packages whose licence allows it', () => {
  const free =
    /^\(?(MIT|Apache-2\.0|BSD-[23]-Clause|ISC|0BSD|CC0-1\.0|BlueOak-1\.0\.0|Apache 2\.0)\b/;
  const refused = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .filter(([, { license }]) => license === undefined || !free.test(license))
    .map(([path, { license }]) => `${path}: ${license}`)
    // libvips is LGPL, linked dynamically by sharp: the usual way to use it.
    .filter((line) => !/^node_modules\/@img\/sharp-.*LGPL-3\.0-or-later/.test(line));
  expect(refused).toEqual([]);
});
