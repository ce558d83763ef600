import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { randomVector } from '../test/support/points.ts';
import { runScript, startScript } from '../test/support/processes.ts';
import { startQdrant } from '../test/support/qdrant-server.ts';
import { seededRandom } from '../test/support/random.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { evaluateRecall, type RecallEvaluation } from './evaluate-recall.ts';
import { formatNpyHeader, type NpyType } from './npy-header.ts';
import { openNpy } from './npy-reader.ts';

const createDirectory = useTemporaryDirectories();
const data = path.join(import.meta.dirname, '../../shared/data/clip-b32');
let folder: string;

beforeAll(async () => {
  folder = await createDirectory();
});

async function writeNpy(name: string, rows: readonly ArrayLike<number>[], type: NpyType = '<f4') {
  const file = path.join(folder, name);
  const columns = rows[0]?.length ?? 0;
  const numbers = rows.flatMap((row) => Array.from(row));
  const body = type === '<i4' ? Int32Array.from(numbers) : Float32Array.from(numbers);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  await writeFile(file, Buffer.concat([formatNpyHeader(type, rows.length, columns), bytes]));
  return file;
}

describe('The evaluation of recall', () => {
  // From the right: rows 0, 1, 2 … turn away from the query, and the last is its opposite.
  const angles = [0, 0.1, 0.2, 0.3, 0.4, 1, 2, 3];
  const vectors = angles.map((angle) => [Math.cos(angle), Math.sin(angle)]);

  async function evaluate(store: VectorStore, changed: Partial<RecallEvaluation> = {}) {
    const evaluation: RecallEvaluation = {
      vectors: expectOk(await openNpy(await writeNpy('hand.npy', vectors))),
      texts: [Float32Array.of(1, 0)],
      ks: [1, 4],
      filterShares: [],
      imageQueries: 0,
      seed: 1,
      parts: [{ fit: [], ask: [0] }],
      open: async () => ok({ store, remove: async () => undefined }),
      signal: new AbortController().signal,
      ...changed,
    };
    const { rows } = expectOk(await evaluateRecall(evaluation));
    return rows;
  }

  /** Leaves out the rows that it is told to. */
  function withHoles(holes: readonly string[]): VectorStore {
    const store = createMemoryStore({ dimensions: 2 });
    return {
      ...store,
      async query(query) {
        const found = await store.query({ ...query, limit: query.limit + holes.length });
        if (!found.ok) return found;
        const left = found.value.filter(({ record }) => !holes.includes(record.id));
        return ok(left.slice(0, query.limit));
      },
    };
  }

  it('is 1 for a store that misses nothing', async () => {
    const store = createMemoryStore({ dimensions: 2 });
    const rows = await evaluate(store, { filterShares: [0.5], imageQueries: 3 });
    expect(rows.map(({ from, filter, k }) => `${from} ${filter} ${k}`)).toEqual([
      'text all 1',
      'text all 4',
      'text random 1',
      'text random 4',
      'text cluster 1',
      'text cluster 4',
      'image all 1',
      'image all 4',
    ]);
    for (const { recall } of rows) expect(recall).toBe(1);
  });

  it('is what a person counts for a store that misses some', async () => {
    expect(await evaluate(withHoles(['1', '3']))).toMatchObject([
      { k: 1, recall: 1, queries: 1 },
      { k: 4, recall: 0.5 },
    ]);
    expect(await evaluate(withHoles(['0', '1', '2', '3']))).toMatchObject([
      { recall: 0 },
      { recall: 0 },
    ]);
  });

  it('does not count that a picture finds itself', async () => {
    const rows = await evaluate(withHoles(['1', '2', '3', '4', '5', '6', '7']), {
      imageQueries: 8,
    });
    const image = rows.find(({ from, k }) => from === 'image' && k === 4);
    expect(image?.queries).toBe(8);
    // Row 0 alone is found, and it is among the nearest four of rows 1 to 5 but not of itself.
    expect(image?.recall).toBeLessThanOrEqual(5 / 8 / 4);
  });

  it('believes the nearest that it is given', async () => {
    const nearest = [{ rows: Int32Array.of(7, 6, 5, 4), scores: Float64Array.of(0, -1, -2, -3) }];
    const rows = await evaluate(createMemoryStore({ dimensions: 2 }), { nearest });
    expect(rows).toMatchObject([{ recall: 0 }, { recall: 0 }]);
  });

  it('removes what it built when the store fails', async () => {
    let removed = 0;
    const store: VectorStore = {
      ...createMemoryStore({ dimensions: 2 }),
      optimize: async () => {
        throw new Error('no room');
      },
    };
    const open = async () => ok({ store, remove: async () => void (removed += 1) });
    await expect(evaluate(store, { open })).rejects.toThrow('no room');
    expect(removed).toBe(1);
  });
});

describe('npm run evaluate -- recall', () => {
  let vectors: string;
  let queries: string;

  beforeAll(async () => {
    const random = seededRandom(5);
    const rows = Array.from({ length: 500 }, () => randomVector(random, 16));
    vectors = await writeNpy('vectors.npy', rows);
    queries = await writeNpy('queries.npy', rows.slice(0, 30));
  });

  const left = async () =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('picture-search-evaluate-'));

  it('builds, asks, tells, and leaves nothing behind', async () => {
    const before = await left();
    const args = ['--vectors', vectors, '--queries', queries, '--filter-share', '0.2'];
    const { code, stdout } = await runScript('evaluate', [
      'recall',
      ...args,
      '--min-recall',
      '0.99',
    ]);
    expect(stdout).toMatch(/text +none +10 +1\.0000/);
    expect(stdout).toContain('search space made from: the other half of the queries');
    expect(code).toBe(0);
    const after = await left();
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });

  it('ends with 2 when the recall is too low, in JSON as well', async () => {
    const wrong = Array.from({ length: 30 }, () => Array.from({ length: 100 }, (_, n) => n + 300));
    const nearest = await writeNpy('nearest.npy', wrong, '<i4');
    const files = ['--vectors', vectors, '--queries', queries, '--nearest', nearest];
    const options = ['--plain', '--filter-share', 'none', '--image-queries', '0', '--json'];
    const args = ['recall', ...files, ...options, '--min-recall', '0.5'];
    const { code, stdout } = await runScript('evaluate', args);
    expect(code).toBe(2);
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({
      search_space: 'none',
      builds: [{ collection: { searchSpace: null } }],
    });
  });

  it('measures Qdrant, and removes its collection', async () => {
    const server = await startQdrant();
    try {
      const env = {
        VECTOR_STORE: 'qdrant',
        QDRANT_HOST: server.host,
        QDRANT_GRPC_PORT: String(server.port),
      };
      const files = ['--vectors', queries, '--queries', queries];
      const options = ['--filter-share', 'none', '--image-queries', '0', '--json'];
      const args = ['recall', ...files, ...options];
      const { code, stderr } = await runScript('evaluate', args, env);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const methods = server.calls.map(({ method }) => method);
      const count = (name: string) => methods.filter((method) => method === name).length;
      expect(count('Collections.Create')).toBe(2);
      expect(count('Collections.Delete')).toBe(2);
    } finally {
      await server.stop();
    }
  });

  it('removes what it built when it is interrupted', async () => {
    const before = await left();
    const random = seededRandom(6);
    const many = await writeNpy(
      'many.npy',
      Array.from({ length: 20_000 }, () => randomVector(random, 64)),
    );
    const asked = await writeNpy(
      'asked.npy',
      Array.from({ length: 20 }, () => randomVector(random, 64)),
    );
    const script = startScript('evaluate', [
      'recall',
      '--vectors',
      many,
      '--queries',
      asked,
      '--plain',
    ]);
    await script.waitFor(/Comparing 20000/);
    script.process.kill('SIGINT');
    const { code } = await script.finished;
    expect(code).toBe(130);
    const after = await left();
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });

  it.each([
    [[], 'the command must be recall'],
    [['recall'], '--vectors and --queries'],
    [['recall', '--k', '0'], '--k must be'],
    [['recall', '--filter-share', '0.5,2'], '--filter-share must be'],
    [['recall', '--min-recall', 'high'], '--min-recall must be'],
    [['recall', '--vectors', 'nowhere.npy', '--queries', 'q.npy'], 'nowhere.npy'],
  ])('says what is wrong with %j', async (args, said) => {
    const { code, stdout, stderr } = await runScript('evaluate', args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
  });

  it.skipIf(!existsSync(data))('refuses nearest rows that do not fit', async () => {
    const nearest = path.join(data, 'nearest.npy');
    const args = ['recall', '--vectors', vectors, '--queries', queries, '--nearest', nearest];
    const { code, stderr } = await runScript('evaluate', args);
    expect(code).toBe(1);
    expect(stderr).toContain('must have a row for each of 30 queries: 602');
  });
});
