import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { hasRedis, startRedis } from '../test/support/redis-server.ts';

/** The whole system on this machine, as processes. */
export interface SoakSystem {
  /** Of the edge. */
  readonly url: string;
  /** By name of the process. */
  readonly pids: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..');
const pictures = 'test/fixtures/pictures';
const redisArgs = ['--maxmemory', '32mb', '--maxmemory-policy', 'allkeys-lru'];

/** @param directory Where the index is made. */
export async function startSoakSystem(directory: string): Promise<SoakSystem> {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.map((one) => one()));
  };
  try {
    return { ...(await startAll(directory, stops)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(
  directory: string,
  stops: (() => Promise<unknown>)[],
): Promise<Omit<SoakSystem, 'stop'>> {
  const local = { API_HOST: '127.0.0.1', API_PORT: '0', DATA_DIR: directory };
  const node = (file: string, args: readonly string[] = [], env: Record<string, string> = {}) => {
    const child = startChild([file, ...args], { ...local, ...env });
    stops.push(async () => {
      child.kill('SIGTERM');
      return child.exitCode ?? once(child, 'close');
    });
    return child;
  };
  const redis = hasRedis ? await startRedis({ args: redisArgs }) : undefined;
  if (redis) stops.push(() => redis.stop());
  const indexing = node('scripts/index.ts', [pictures]);
  indexing.stdout?.resume();
  await once(indexing, 'close');
  const service = node('gpu-service/main.ts');
  const edge = node('edge/main.ts', [], {
    SERVICE_URL: `http://127.0.0.1:${await portOf(service)}`,
    API_KEYS_REQUIRED: 'false',
    // High enough to refuse nobody: the limiter is part of what is looked at.
    RATE_LIMIT_PER_SECOND: '100000',
    RATE_LIMIT_BURST: '100000',
    REDIS_ENABLED: String(redis !== undefined),
    REDIS_PORT: String(redis?.port ?? 0),
  });
  const url = `http://127.0.0.1:${await portOf(edge)}`;
  const named = { edge, 'gpu-service': service, ...(redis && { redis }) };
  const pids = Object.entries(named).map(([name, { pid }]) => [name, pid ?? 0]);
  return { url, pids: Object.fromEntries(pids) };
}

/** Not `startProcess`, which keeps all that is printed: in half an hour that is half a gigabyte. */
function startChild(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const { PATH = '' } = process.env;
  return spawn(process.execPath, args, {
    cwd: root,
    env: { PATH, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** From the line that says it is ready. What comes after it is read too, or the process would wait. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (some: string) => {
      if (text.length > 10_000) return;
      text += some;
      const [, port] = /"port":(\d+).*"Ready to /.exec(text) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    child.once('close', () => reject(new Error(`It ended before it was ready: ${text}`)));
  });
}
