import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Tests that need Redis are skipped by name where there is none. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export interface RedisServerOptions {
  /** Left out: a free one. */
  readonly port?: number;
  /** Settings as on its command line: `['--maxmemory', '4mb']`. */
  readonly args?: readonly string[];
}

/** A real Redis without a disk, on 127.0.0.1. */
export interface RedisServer {
  readonly port: number;
  readonly pid: number | undefined;
  /** Runs a command with redis-cli; what it prints. */
  cli(...args: readonly string[]): Promise<string>;
  /** Stops the process without ending it: connections stay open, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Starts it again on its port, empty; ends it first if it runs. */
  restart(): Promise<void>;
  /** Ends it for good, whatever state it is in. */
  stop(): Promise<void>;
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { port = await freePort(), args = [] } = options;
  const directory = await mkdtemp(path.join(os.tmpdir(), 'redis-'));
  let child = await launch(port, directory, args);

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'close');
    child.kill(signal);
    child.kill('SIGCONT');
    await ended;
  }

  return {
    port,
    get pid() {
      return child.pid;
    },
    cli: async (...words) => {
      const run = promisify(execFile);
      return (await run('redis-cli', ['-p', String(port), ...words])).stdout.trim();
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      await end('SIGTERM');
      await rm(directory, { recursive: true, force: true });
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      child = await launch(port, directory, args);
    },
  };
}

async function launch(
  port: number,
  directory: string,
  args: readonly string[],
): Promise<ChildProcess> {
  const fixed = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory];
  const child = spawn('redis-server', ['--port', String(port), ...fixed, ...args], {
    // Whatever it inherits keeps the test run from ending, should it be left over.
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.add(child);
  child.once('close', () => children.delete(child));
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += text;
    if (!said.includes('Ready to accept connections')) continue;
    child.stdout.resume();
    return child;
  }
  throw new Error(`Cannot start Redis: ${said}`);
}

/** Three masters that share the slots of a Redis Cluster. */
export async function startRedisCluster(): Promise<readonly RedisServer[]> {
  const nodes: RedisServer[] = [];
  for (let count = 0; count < 3; count++) {
    const busPort = String(await freePort());
    const bus = ['--cluster-port', busPort, '--cluster-node-timeout', '2000'];
    nodes.push(await startRedis({ args: ['--cluster-enabled', 'yes', ...bus] }));
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await nodes[0]?.cli('--cluster', 'create', ...addresses, '--cluster-yes');
  for (const node of nodes) {
    await until(async () => (await node.cli('cluster', 'info')).includes('cluster_state:ok'));
  }
  return nodes;
}

/**
 * A port that was free a moment ago. It is none of those that the system gives to outgoing
 * connections: one of them could take it while the server is away, even by connecting to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Waits for something that comes sooner or later; fails after a long time. */
export async function until(come: () => boolean | Promise<boolean>): Promise<void> {
  for (const endsAt = performance.now() + 20_000; performance.now() < endsAt; await sleep(20)) {
    if (await come()) return;
  }
  throw new Error(`Waited in vain for ${come}`);
}
