import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { SearchQuery, SearchResponse } from '../core/model.ts';
import type { Search } from '../core/search.ts';
import { createRemoteSearch } from '../http/remote-search.ts';
import { expectOk } from './support/expect-ok.ts';
import { runScript, type RunningScript, startProcess } from './support/processes.ts';
import { requestContext } from './support/request-context.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const timeoutMs = 2000;
const secret = 'the-secret-of-the-service';
let env: Record<string, string>;

beforeAll(async () => {
  env = {
    DATA_DIR: await temporaryDirectory(),
    API_HOST: '127.0.0.1',
    API_PORT: '0',
    SERVICE_SECRET: secret,
  };
  await runScript('index', ['test/fixtures/pictures'], env);
});

interface RunningService {
  readonly port: number;
  readonly script: RunningScript;
}

async function startService(port = 0): Promise<RunningService> {
  const script = startProcess('gpu-service/main.ts', [], { ...env, API_PORT: String(port) });
  const [line] = await script.waitFor(/.*Ready to search.*\n/);
  return { port: (JSON.parse(line) as { port: number }).port, script };
}

async function end({ script }: RunningService): Promise<void> {
  script.process.kill('SIGKILL');
  await script.finished;
}

function connect({ port }: RunningService, own = secret): Search {
  return createRemoteSearch({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs, secret: own });
}

interface Seen {
  /** `ok` or a failure's code. */
  readonly code: string;
  readonly tookMs: number;
}

/** Searches from several sides until it is told to stop. */
function startLoad(search: Search, sides = 8) {
  const seen: Seen[] = [];
  const stop = new AbortController();
  const side = async (name: number): Promise<void> => {
    for (let i = 0; !stop.signal.aborted; i += 1) {
      const began = performance.now();
      // Always another text, so that the service has to work for it.
      const query = SearchQuery.parse({ query: `red ${name} ${i}` });
      const found = await search(query, requestContext());
      const code = found.ok ? 'ok' : found.error.code;
      if (found.ok) expect(found.value.total).toBe(3);
      seen.push({ code, tookMs: performance.now() - began });
      if (!found.ok) await sleep(5);
    }
  };
  const running = Promise.all(Array.from({ length: sides }, (_, name) => side(name)));
  return {
    async until(reached: (seen: readonly Seen[]) => boolean): Promise<void> {
      const from = seen.length;
      while (!reached(seen.slice(from))) await sleep(5);
    },
    async stop(): Promise<readonly Seen[]> {
      stop.abort();
      await running;
      return seen;
    },
  };
}

const some = (code: string, times: number) => (seen: readonly Seen[]) =>
  seen.filter((one) => one.code === code).length >= times;

function expectInTime(seen: readonly Seen[]): void {
  // The deadline, and what a busy machine adds.
  expect(Math.max(...seen.map(({ tookMs }) => tookMs))).toBeLessThan(timeoutMs + 2000);
}

function codesOf(seen: readonly Seen[]): string[] {
  return [...new Set(seen.map(({ code }) => code))].toSorted();
}

describe('a search at a service', () => {
  it('goes on by itself after the service was killed and started again', async () => {
    const first = await startService();
    const load = startLoad(connect(first));
    await load.until(some('ok', 50));
    await end(first);
    await load.until(some('search_unavailable', 50));
    const second = await startService(first.port);
    await load.until(some('ok', 50));
    const seen = await load.stop();
    await end(second);
    expect(codesOf(seen)).toEqual(['ok', 'search_unavailable']);
    expectInTime(seen);
  });

  it('ends within its time while the service is frozen, and goes on when it is not', async () => {
    const service = await startService();
    const load = startLoad(connect(service));
    await load.until(some('ok', 50));
    service.script.process.kill('SIGSTOP');
    // First the deadline ends the searches, then nobody waits in vain any more.
    await load.until(some('timeout', 5));
    await load.until(some('search_unavailable', 50));
    service.script.process.kill('SIGCONT');
    await load.until(some('ok', 50));
    const seen = await load.stop();
    await end(service);
    expect(codesOf(seen)).toEqual(['ok', 'search_unavailable', 'timeout']);
    expectInTime(seen);
    const refused = seen.filter(({ code }) => code === 'search_unavailable');
    const quick = refused.filter(({ tookMs }) => tookMs < timeoutMs / 4);
    expect(quick.length).toBeGreaterThan(0.8 * refused.length);
  });

  it('needs the secret', async () => {
    const service = await startService();
    const query = SearchQuery.parse({ query: 'red' });
    expectOk(await connect(service)(query, requestContext()));
    const refused = await connect(service, 'not-the-secret-of-the-service')(
      query,
      requestContext(),
    );
    await end(service);
    expect(refused).toMatchObject({ ok: false, error: { code: 'search_unavailable' } });
  });
});

/** One request as a client without any second attempt makes it. */
async function askPlainly(agent: Agent, port: number, query: string) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const headers = { 'content-type': 'application/json', 'x-service-secret': secret };
  const asked = request({ agent, port, path: '/search', method: 'POST', headers }, (response) => {
    text(response).then(
      (body) => resolve(`${response.statusCode} ${SearchResponse.parse(JSON.parse(body)).total}`),
      () => resolve('broken off'),
    );
  });
  asked.once('error', () => resolve(asked.reusedSocket ? 'lost' : 'refused'));
  asked.end(JSON.stringify({ query }));
  return promise;
}

describe('a service that is told to stop', () => {
  it('answers all that it let in, and ends', async () => {
    const service = await startService();
    const agent = new Agent({ keepAlive: true });
    const answers: string[] = [];
    const sides = Array.from({ length: 16 }, async (_, side) => {
      for (let i = 0; !answers.includes('refused'); i += 1) {
        answers.push(await askPlainly(agent, service.port, `red ${side} ${i}`));
      }
    });
    while (answers.length < 200) await sleep(5);
    const began = performance.now();
    service.script.process.kill('SIGTERM');
    await Promise.all(sides);
    const { code } = await service.script.finished;
    expect(code).toBe(0);
    expect(performance.now() - began).toBeLessThan(25_000);
    expect(new Set(answers)).toEqual(new Set(['200 3', 'refused']));
  });
});
