import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { createApiKey, hashApiKey } from '../core/api-keys.ts';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { type RunningScript, startScript } from '../test/support/processes.ts';
import type { LoadReport } from './load-tally.ts';

export interface ServerKind {
  readonly cache: 'memory' | 'redis';
  /** Whether it wants a key, and counts the requests of each. */
  readonly guarded: boolean;
  /** Settings besides those of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** An answer from the cache, to the byte. */
export interface HotAnswer {
  readonly text: string;
  /** All but those that the server adds by itself. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Server {
  readonly url: string;
  readonly apiKey: string | undefined;
  stop(): Promise<void>;
}

/** As many as nobody asks for, so that they are counted and none is refused. */
const endlessRate = { perSecond: 100_000, burst: 100_000 };

/** `npm start` on a free port. */
export async function startReal({ guarded, env }: ServerKind): Async<Server> {
  const apiKey = guarded ? createApiKey() : undefined;
  const script = startScript('serve', [], {
    ...ownEnv(),
    API_PORT: '0',
    ...env,
    ...(apiKey === undefined ? unguarded : guardedBy(apiKey)),
  });
  return whenReady(script, apiKey);
}

/** A handler that returns these bytes. */
export async function startBare({ text, headers }: HotAnswer): Async<Server> {
  const directory = await mkdtemp(join(os.tmpdir(), 'bare-'));
  const file = join(directory, 'answer.json');
  await writeFile(file, text);
  const server = await whenReady(
    startScript('bare-server', [file, JSON.stringify(headers)]),
    undefined,
  );
  await rm(directory, { recursive: true });
  return server;
}

/** One turn of the load, in a process of its own. */
export async function runLoad(
  { url, apiKey }: Server,
  options: { readonly bodies: string; readonly connections: number; readonly seconds: number },
): Async<LoadReport> {
  const { bodies, connections, seconds } = options;
  const { finished } = startScript('load', [
    `--url=${new URL('/search', url).href}`,
    `--bodies=${bodies}`,
    `--connections=${connections}`,
    `--seconds=${seconds}`,
    ...(apiKey === undefined ? [] : [`--header=Authorization: Bearer ${apiKey}`]),
  ]);
  const { code, stdout, stderr } = await finished;
  if (code === 0) return ok(JSON.parse(stdout));
  return err(failure('invalid_field', `Cannot measure as the load ended with: ${stderr.trim()}`));
}

const unguarded = { API_KEYS: '', API_KEYS_REQUIRED: 'false', RATE_LIMIT_PER_SECOND: '0' };

function guardedBy(apiKey: string): Readonly<Record<string, string>> {
  const key = { id: 'load', hash: hashApiKey(apiKey), scopes: ['search'], rate: endlessRate };
  return { API_KEYS: JSON.stringify([key]), API_KEYS_REQUIRED: 'true' };
}

async function whenReady(script: RunningScript, apiKey: string | undefined): Async<Server> {
  try {
    const [, url = ''] = await script.waitFor(/Ready: (http:\S+)/);
    // A name would be looked up for every connection, and may be another address than it listens on.
    const address = url.replace('//localhost:', '//127.0.0.1:');
    return ok({ url: address, apiKey, stop: () => stop(script) });
  } catch {
    const { stderr } = await script.finished;
    return err(failure('invalid_field', `Cannot measure as no server starts: ${stderr.trim()}`));
  }
}

async function stop({ process: child, finished }: RunningScript): Promise<void> {
  child.kill('SIGTERM');
  await finished;
}

function ownEnv(): Record<string, string> {
  const set = Object.entries(process.env).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Record<string, string>;
}
