import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder that stands for the file system of an image, on top of this machine's own programs. */
export interface Sandbox {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Inside {
  /** As `user:group`, in numbers. Left out: root. */
  readonly user?: string | undefined;
  /** Nothing of it can be written to, but these folders. */
  readonly writable?: readonly string[];
  /** Folders of this machine by where they are seen. */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** Of this machine, seen and never changed: what a base image brings. */
const lent = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc'];
/** What an image puts into a folder that is lent. */
const own = ['/usr/local'];

/**
 * Starts a command as process 1 of its own world: the files of the sandbox, the programs of this
 * machine, its network. Needs `unshare` and root.
 */
export async function startInside(sandbox: Sandbox, command: readonly string[], inside: Inside) {
  const { directory, env, cwd } = sandbox;
  for (const path of [...lent, ...own, '/proc', '/dev', '/tmp', cwd, ...(inside.writable ?? [])]) {
    await mkdir(join(directory, path), { recursive: true });
  }
  const user = inside.user === undefined ? [] : [`--userspec=${inside.user}`];
  // Docker and Lambda say so to a user without a home; Node's `homedir` fails where nobody does.
  const variables = Object.entries({ HOME: '/', ...env }).map(
    ([name, value]) => `${name}=${value}`,
  );
  // `env -C` goes there inside.
  const words = ['chroot', ...user, directory, 'env', '-i', '-C', cwd, ...variables, ...command];
  const script = `set -e\n${mountsOf(directory, inside).join('\n')}\nexec ${words.map(quote).join(' ')}`;
  return spawn('unshare', ['--mount', '--pid', '--fork', 'bash', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs one to its end; what it printed belongs to the error where it fails. */
export async function runInside(
  sandbox: Sandbox,
  command: readonly string[],
  inside: Inside = {},
): Promise<{ readonly code: number | null; readonly printed: string }> {
  const child = await startInside(sandbox, command, inside);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, printed };
}

function mountsOf(directory: string, { writable, mounts = {} }: Inside): string[] {
  const at = (path: string) => quote(join(directory, path));
  const bind = (source: string, path: string) =>
    `mkdir -p ${at(path)}; mount --rbind ${quote(source)} ${at(path)}`;
  const close = (path: string) => `mount -o remount,ro,bind ${at(path)}`;
  const aside = (path: string) => join('/.own', path);
  return [
    'mount --make-rprivate /',
    bind(directory, ''),
    // What is below a folder that is lent is laid over it again.
    ...own.map((path) => bind(join(directory, path), aside(path))),
    ...lent.map((path) => `if [ -e ${quote(path)} ]; then ${bind(path, path)}; ${close(path)}; fi`),
    ...own.map((path) => `mount --rbind ${at(aside(path))} ${at(path)}`),
    `mount -t proc proc ${at('/proc')}`,
    bind('/dev', '/dev'),
    ...Object.entries(mounts).map(([path, source]) => bind(source, path)),
    // As ECS starts it: all is read-only, and volumes lie over it.
    ...(writable ?? []).map((path) => bind(join(directory, path), path)),
    ...(writable === undefined ? [] : ['', ...own].map(close)),
  ];
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
