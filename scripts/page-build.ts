import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { measurePage, type PageSize } from './page-size.ts';
import { hashPageSources } from './page-sources.ts';

/** Of all scripts of the page together, as they are before they are compressed for the way. */
export const maxScriptBytes = 150_000;

/** Others may be about to read the page that they found here. */
const keptForMs = 600_000;

export interface BuildPageOptions {
  /** The repository: the sources are in its folder `web`. Left out: this one. */
  readonly root?: string;
  readonly maxBytes?: number;
}

/**
 * The folder of the page in its built form, for `createPage`. It is built where it is missing or its
 * sources have changed, which takes about a second.
 *
 * Every state of the sources has a folder of its own, `web/dist/<hash>`, which comes into being whole
 * by being renamed; so whoever builds at the same time makes the same and is not in the way.
 */
export async function buildPage({
  root = dirname(import.meta.dirname),
  maxBytes = maxScriptBytes,
}: BuildPageOptions = {}): Async<string> {
  const dist = join(root, 'web', 'dist');
  const folder = join(dist, hashPageSources(root));
  if (!existsSync(folder)) {
    const making = join(dist, `making-${randomUUID()}`);
    try {
      const built = await make(root, making, maxBytes);
      if (!built.ok) return built;
      await moveTo(folder, making);
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }
  const now = new Date();
  await utimes(folder, now, now);
  await removeOld(dist, now.getTime() - keptForMs);
  return ok(folder);
}

async function make(root: string, into: string, maxBytes: number): Async<void> {
  await mkdir(into, { recursive: true });
  const built = await runVite(join(root, 'web'), into);
  if (!built.ok) return built;
  const size = await measurePage(into);
  return size.scriptBytes > maxBytes ? tooLarge(size, maxBytes) : ok(undefined);
}

/** In a process of its own, which has no setting of this one, as that tests are running. */
async function runVite(web: string, outDir: string): Async<void> {
  const vite = findVite();
  if (vite === undefined) {
    return err(failure('invalid_field', 'Cannot build the page as Vite is not installed (npm ci)'));
  }
  const args = [vite, 'build', web, '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error'];
  const env = { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', NODE_OPTIONS: '' };
  try {
    await promisify(execFile)(process.execPath, args, { env, timeout: 300_000 });
    return ok(undefined);
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
    const detail = `Cannot build the page as its sources have an error: ${whatMatters(said)}`;
    return err(failure('invalid_field', detail));
  }
}

/** Without colours, and without where in Vite it was noticed. */
function whatMatters(said: string): string {
  const [before = ''] = stripVTControlCharacters(said).split(/\n\s+at .*:\d+:\d+\)?\n/);
  return before.trim();
}

function findVite(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve('vite/package.json');
    return join(dirname(manifest), 'bin', 'vite.js');
  } catch {
    return undefined;
  }
}

function tooLarge({ scriptBytes }: PageSize, maxBytes: number) {
  const detail = `Cannot build the page as its scripts may have ${maxBytes} bytes: ${scriptBytes}`;
  return err(failure('invalid_field', detail));
}

async function moveTo(folder: string, made: string): Promise<void> {
  try {
    await rename(made, folder);
  } catch (error) {
    // Unless somebody else was faster.
    if (!existsSync(folder)) throw error;
  }
}

/** Removes what was built from earlier sources, and what somebody began and never finished. */
async function removeOld(dist: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(dist)) {
    const path = join(dist, name);
    const found = await stat(path).catch(() => undefined);
    if (found && found.mtimeMs < beforeMs) await rm(path, { recursive: true, force: true });
  }
}
