import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { Async } from '../core/failure.ts';
import { runScript, startProcess } from '../test/support/processes.ts';
import { hasRedis, startRedis } from '../test/support/redis-server.ts';

type Env = Readonly<Record<string, string>>;

/**
 * Runs the work with the environment of an edge whose service and Redis are there: those that were
 * given, or new ones that end with it.
 */
export async function withBackend<T>(
  given: { readonly serviceUrl?: string | undefined; readonly redis?: string | undefined },
  work: (env: Env) => Async<T>,
): Async<T> {
  const service = given.serviceUrl === undefined ? await startService() : undefined;
  const redis = given.redis === undefined && hasRedis ? await startRedis() : undefined;
  const [host = '127.0.0.1', port = String(redis?.port)] = given.redis?.split(':') ?? [];
  const withRedis = redis !== undefined || given.redis !== undefined;
  try {
    return await work({
      SERVICE_URL: given.serviceUrl ?? service?.url ?? '',
      API_KEYS_REQUIRED: 'false',
      ...(withRedis && { REDIS_ENABLED: 'true', REDIS_HOST: host, REDIS_PORT: port }),
    });
  } finally {
    await Promise.all([service?.stop(), redis?.stop()]);
  }
}

/** A gpu-service with the built-in model and a few pictures. */
async function startService() {
  const directory = await mkdtemp(join(os.tmpdir(), 'picture-search-'));
  const env = { DATA_DIR: directory, API_HOST: '127.0.0.1', API_PORT: '0' };
  await runScript('index', ['test/fixtures/pictures'], env);
  const service = startProcess('gpu-service/main.ts', [], env);
  const [line] = await service.waitFor(/.*Ready to search.*\n/);
  const { port } = JSON.parse(line) as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      service.process.kill('SIGTERM');
      await service.finished;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
