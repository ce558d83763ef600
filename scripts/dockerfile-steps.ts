import { cp, mkdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, matchesGlob, posix, relative } from 'node:path';
import { type Instruction, root } from '../test/support/dockerfile.ts';
import { runInside, type Sandbox } from './dockerfile-sandbox.ts';

/** A stage while it is made. */
export interface Progress {
  readonly directory: string;
  env: Readonly<Record<string, string>>;
  args: Readonly<Record<string, string>>;
  cwd: string;
  readonly skipped: string[];
}

export interface Surroundings {
  /** Of the command, over those before the first stage. */
  readonly args: Readonly<Record<string, string>>;
  readonly other: (name: string) => Promise<Pick<Sandbox, 'directory'>>;
  /** Whether the base is one that programs can run on here. */
  readonly runs: boolean;
}

/** `${NAME}` of arguments. */
export function fillArguments(text: string, args: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => args[name] ?? whole);
}

/** Does to the folder of a stage what one instruction says. Throws where it fails. */
export async function followInstruction(
  { name, words }: Instruction,
  progress: Progress,
  around: Surroundings,
): Promise<void> {
  if (name === 'ENV') progress.env = { ...progress.env, ...pairsOf(words) };
  if (name === 'ARG') progress.args = { ...progress.args, ...argumentsOf(words, around.args) };
  if (name === 'WORKDIR') {
    progress.cwd = posix.resolve(progress.cwd, words);
    await mkdir(join(progress.directory, progress.cwd), { recursive: true });
  }
  if (name === 'COPY') await copy(words, progress, around);
  if (name === 'RUN' && around.runs) await runStep(words, progress);
  if (name === 'ADD' || (name === 'RUN' && !around.runs)) progress.skipped.push(`${name} ${words}`);
}

async function copy(words: string, progress: Progress, around: Surroundings): Promise<void> {
  const all = words.split(' ');
  const from = all.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const [target = '', ...sources] = all.filter((word) => !word.startsWith('--')).toReversed();
  const base = from === undefined ? root : (await around.other(from)).directory;
  const isIgnored = from === undefined ? await readIgnored() : () => false;
  for (const source of sources) {
    const path = join(base, source);
    const found = isIgnored(source) ? undefined : await stat(path).catch(() => undefined);
    if (found === undefined) {
      if (from === undefined) throw new Error(`There is nothing to copy: ${source}`);
      progress.skipped.push(`COPY ${words}`);
      continue;
    }
    const place = join(progress.directory, posix.resolve(progress.cwd, target));
    const into =
      found.isDirectory() || !/\/$|^\.$/.test(target) ? place : join(place, basename(source));
    await cp(path, into, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !isIgnored(relative(base, file)),
    });
  }
}

/** What `.dockerignore` keeps out of a build: the last line that fits a file, or a folder of it, counts. */
async function readIgnored(): Promise<(path: string) => boolean> {
  const text = await readFile(join(root, '.dockerignore'), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return (path) => {
    const parts = path.split('/');
    const ways = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const last = lines.findLast((line) => {
      const pattern = line.replace(/^!/, '');
      return ways.some((way) => matchesGlob(way, pattern));
    });
    return last !== undefined && !last.startsWith('!');
  };
}

/** npm finds its registry and its cache as it does outside. */
async function runStep(words: string, progress: Progress): Promise<void> {
  const command = words.replaceAll(/--mount=\S+\s+/g, '');
  for (const [, target = ''] of words.matchAll(/--mount=type=cache,target=(\S+)/g)) {
    await mkdir(join(progress.directory, target), { recursive: true });
  }
  const outside = Object.entries(process.env).filter(([name]) => lentVariables.test(name));
  const env = {
    ...Object.fromEntries(outside.map(([name, value]) => [name, value ?? ''])),
    HOME: '/root',
    ...progress.args,
    ...progress.env,
  };
  const sandbox = { ...progress, env };
  const { code, printed } = await runInside(sandbox, ['bash', '-c', command], {
    mounts: { '/root': homedir() },
  });
  if (code !== 0) throw new Error(`This step ends with ${code}: ${command}\n${printed}`);
}

const lentVariables = /^(npm_config_|https?_proxy$|no_proxy$|node_extra_ca_certs$|ssl_cert_)/i;

function pairsOf(words: string): Record<string, string> {
  const pairs = words.split(' ').map((pair) => pair.split('='));
  return Object.fromEntries(pairs.map(([name = '', ...rest]) => [name, rest.join('=')]));
}

/** An argument of the command goes before the one before the first stage, and that before its own. */
function argumentsOf(words: string, args: Readonly<Record<string, string>>) {
  const given = Object.entries(pairsOf(words)).map(([name, value]) => [name, args[name] ?? value]);
  return Object.fromEntries(given.filter(([, value]) => value !== '')) as Record<string, string>;
}
