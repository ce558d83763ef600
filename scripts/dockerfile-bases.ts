import { cp, mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const searchPath = '/usr/local/bin:/usr/bin:/bin';

/** Where a base has its Node. */
const nodeFolders: readonly (readonly [RegExp, string | undefined])[] = [
  [/^node:/, '/usr/local/bin/node'],
  [/^public\.ecr\.aws\/lambda\/nodejs:/, '/usr/local/bin/node'],
  [/^debian:/, undefined],
];

export function isKnownBase(base: string): boolean {
  return nodeFolders.some(([pattern]) => pattern.test(base));
}

export function isLambdaBase(base: string): boolean {
  return base.startsWith('public.ecr.aws/lambda/');
}

/** A folder with this process's own Node where the base has one, and npm where it is an image of Node. */
export async function makeBase(base: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const node = nodeFolders.find(([pattern]) => pattern.test(base))?.[1];
  if (node === undefined) return;
  await mkdir(dirname(join(directory, node)), { recursive: true });
  await cp(process.execPath, join(directory, node));
  if (!base.startsWith('node:')) return;
  const { stdout } = await run('sh', ['-c', 'command -v npm']);
  const packageFolder = dirname(dirname(await realpath(stdout.trim())));
  await cp(packageFolder, join(directory, 'usr/local/lib/node_modules/npm'), { recursive: true });
  await run('ln', [
    '-s',
    '../lib/node_modules/npm/bin/npm-cli.js',
    join(directory, 'usr/local/bin/npm'),
  ]);
}
