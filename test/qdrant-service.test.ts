import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { runScript } from './support/processes.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { type RunningService, startService, startServiceAgain } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

// A service in a process of its own, with its index in Qdrant, which fails and comes back. The service is
// never started again.

const temporaryDirectory = useTemporaryDirectories();
const timeoutMs = 1500;

const Answer = z.object({
  code: z.string().optional(),
  detail: z.string().optional(),
  total: z.number().optional(),
  results: z.array(z.object({ id: z.string(), score: z.number() })).optional(),
});

let qdrant: RunningQdrant;
let env: Record<string, string>;
let service: RunningService;
let directory: string;

beforeAll(async () => {
  qdrant = await startQdrant({ apiKey: 'the-key' });
  directory = await temporaryDirectory();
  env = {
    VECTOR_STORE: 'qdrant',
    QDRANT_HOST: '127.0.0.1',
    QDRANT_GRPC_PORT: String(qdrant.port),
    QDRANT_API_KEY: 'the-key',
    QDRANT_TIMEOUT_MS: String(timeoutMs),
    DATA_DIR: directory,
  };
  const indexed = await runScript('index', ['test/fixtures/pictures'], env);
  if (indexed.code !== 0) throw new Error(`Cannot index: ${indexed.stderr}`);
  service = await startServiceAgain(directory, env);
});

afterEach(async () => {
  qdrant.faults.restoreCollections();
  await qdrant.faults.heal();
});

afterAll(async () => {
  await service.stop();
  await qdrant.stop();
});

let asked = 0;

/** Always another text, so that nothing can be answered from memory. */
async function search(at = service) {
  const response = await fetch(`${at.url}/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `a red picture ${(asked += 1)}` }),
  });
  return { status: response.status, ...Answer.parse(await response.json()) };
}

async function health() {
  const response = await fetch(`${service.url}/health`);
  const body = (await response.json()) as Readonly<Record<string, unknown>>;
  return { httpStatus: response.status, ...body };
}

describe('a service with its index in Qdrant', () => {
  it('answers as one with files does', async () => {
    const embedded = await startService(await temporaryDirectory());
    asked = 0;
    const expected = await search(embedded);
    asked = 0;
    const found = await search();
    expect(found.total).toBe(3);
    expect(found.results?.map(({ id }) => id)).toEqual(expected.results?.map(({ id }) => id));
    for (const [at, { score }] of (found.results ?? []).entries()) {
      expect(score).toBeCloseTo(expected.results?.[at]?.score ?? 2, 4);
    }
    await embedded.stop();
    expect(await health()).toMatchObject({
      httpStatus: 200,
      status: 'healthy',
      vector_store: 'qdrant',
      qdrant_connected: true,
    });
  });

  it.each([
    ['is down', (faults) => faults.refuse(), 503, 'store_unavailable'],
    ['does not answer', (faults) => faults.hang(), 504, 'timeout'],
    ['is slow', (faults) => faults.delay(60_000), 504, 'timeout'],
    ['lost its collection', (faults) => faults.dropCollection('images'), 503, 'collection_missing'],
    ['has too much to do', (faults) => faults.rateLimit(3), 503, 'overloaded'],
  ] as readonly [string, (faults: RunningQdrant['faults']) => unknown, number, string][])(
    'says what is wrong while Qdrant %s, and answers when it is well',
    async (_, fault, status, code) => {
      await fault(qdrant.faults);
      const failed = await Promise.all([search(), search(), search()]);
      for (const one of failed) {
        expect(one).toMatchObject({ status, code, detail: expect.stringMatching(/^Cannot /) });
        expect(one.detail).not.toContain('127.0.0.1');
      }
      expect(await health()).toMatchObject({ httpStatus: 503, qdrant_connected: false });
      qdrant.faults.restoreCollections();
      await qdrant.faults.heal();
      await expect
        .poll(() => search(), { timeout: 20_000 })
        .toMatchObject({ status: 200, total: 3 });
      await expect.poll(() => health(), { timeout: 20_000 }).toMatchObject({ httpStatus: 200 });
    },
  );

  it('is searched as ever while Qdrant takes no changes', async () => {
    qdrant.faults.readOnly();
    expect(await search()).toMatchObject({ status: 200, total: 3 });
    qdrant.faults.full('memory');
    expect(await search()).toMatchObject({ status: 200, total: 3 });
    expect(await health()).toMatchObject({ httpStatus: 200 });
  });

  it('does not notice that its connections broke', async () => {
    for (let time = 0; time < 3; time += 1) {
      qdrant.faults.breakConnections();
      const found = await Promise.all([search(), search(), search()]);
      expect(found.map(({ status }) => status)).toEqual([200, 200, 200]);
    }
  });
});

describe('what writes into Qdrant', () => {
  it('ends with a sentence whatever is wrong, and has all when it is run again', async () => {
    const collection = { ...env, QDRANT_COLLECTION: 'written' };
    for (const [fault, words] of [
      [() => qdrant.faults.full(), 'has no room left'],
      [() => qdrant.faults.readOnly(), 'QDRANT_API_KEY'],
      [() => qdrant.faults.refuse(), 'QDRANT_HOST'],
    ] as const) {
      await fault();
      const failed = await runScript('index', ['test/fixtures/pictures'], collection);
      expect(failed.code).not.toBe(0);
      expect(failed.stderr + failed.stdout).toContain(words);
      await qdrant.faults.heal();
    }
    const again = await runScript('index', ['test/fixtures/pictures'], collection);
    expect(again).toMatchObject({ code: 0 });
    expect(qdrant.storage.find('written').read().points).toHaveLength(3);
  });

  it('or starts while there is none, says where it looked, and ends', async () => {
    await qdrant.faults.refuse();
    await expect(startServiceAgain(directory, env)).rejects.toThrow(/QDRANT_HOST/);
  });
});
