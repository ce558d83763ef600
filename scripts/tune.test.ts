import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { readModelDirectory } from '../adapters/model-directory.ts';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import type { VectorStore } from '../core/ports.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { testShape } from '../test/support/open-qdrant.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { runScript } from '../test/support/processes.ts';
import { type RunningQdrant, startQdrant } from '../test/support/qdrant-server.ts';
import { seededRandom } from '../test/support/random.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { sweepEfforts } from './effort-sweep.ts';
import { createRowNumbers, judgeQueries, splitQueries, takeVectors } from './tune-queries.ts';

const createDirectory = useTemporaryDirectories();
const few = ['--num-queries', '20'];

describe('The sweep of efforts', () => {
  it('finds more with more effort in a real graph, and all that an exact search finds', async () => {
    const random = seededRandom(3);
    const store = expectOk(
      await createEmbeddedStore({
        directory: await createDirectory(),
        collection: 'images',
        model: { id: 'test', revision: '1', dimensions: 64 },
        m: 4,
        efConstruct: 20,
        exactUpTo: 0,
      }),
    );
    const points = Array.from({ length: 3000 }, (_, id) =>
      createPoint(String(id), randomVector(random, 64)),
    );
    expectOk(await store.upsert(points));
    expectOk(await store.optimize());
    const rowOf = createRowNumbers();
    const texts = Array.from({ length: 40 }, () => randomVector(random, 64));
    const images = expectOk(await takeVectors(store, 20));
    const queries = expectOk(await judgeQueries(store, { texts, images, k: 10, rowOf }));
    const choices = [16, 2048].map((ef) => ({ ef, oversampling: 2 }));
    const options = { store, queries, choices, k: 10, rounds: 2, rowOf };
    const [low, high] = expectOk(await sweepEfforts(options));
    await store.close();
    expect(low?.text.recall).toBeLessThan(0.9);
    expect(high?.text.recall).toBeGreaterThan(0.97);
    expect(high?.text.queries).toBe(80);
    expect(high?.image.recall).toBeGreaterThan(0.97);
  });

  it('parts queries so that both halves have texts and images', () => {
    const query = (from: 'text' | 'image') => {
      const nearest = { rows: new Int32Array(0), scores: new Float64Array(0) };
      return { vector: new Float32Array(2), from, nearest };
    };
    const kinds = ['text', 'text', 'text', 'image', 'image'] as const;
    const [first, second] = splitQueries(kinds.map(query));
    expect(first.map(({ from }) => from)).toEqual(['text', 'text', 'image']);
    expect(second.map(({ from }) => from)).toEqual(['text', 'image']);
  });
});

describe('npm run tune', () => {
  it('says that there is nothing to tune in a small collection', async () => {
    const env = { DATA_DIR: await createDirectory() };
    const { code, stdout } = await runScript('tune', few, env);
    expect(stdout).toContain('There is nothing to tune');
    expect(code).toBe(0);
  });

  it.each([
    [['--target-recall', '1.2'], '--target-recall must be'],
    [['--target-recall', '0.2'], '--target-recall must be'],
    [['--k', 'ten'], '--k must be'],
    [['--queries'], '--help'],
  ])('says what is wrong with %j', async (args, said) => {
    const { code, stdout, stderr } = await runScript('tune', args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
  });
});

describe('npm run tune on Qdrant', () => {
  let server: RunningQdrant;
  let env: Record<string, string>;
  let open: () => Promise<VectorStore>;

  beforeAll(async () => {
    server = await startQdrant();
    const { host, port } = server;
    env = { VECTOR_STORE: 'qdrant', QDRANT_HOST: host, QDRANT_GRPC_PORT: String(port) };
    const demo = expectOk(
      await readModelDirectory(path.join(import.meta.dirname, '../models/demo')),
    );
    const { id, dimensions } = demo.manifest;
    open = async () =>
      expectOk(
        await createQdrantStore({
          address: { host, port },
          timeoutMs: 5000,
          collection: 'images',
          model: { id, revision: demo.revision, dimensions },
          shape: testShape,
        }),
      );
    const store = await open();
    const random = seededRandom(4);
    const vectors = Array.from({ length: 110 }, () => randomVector(random, dimensions));
    const points = vectors.map((vector, row) => createPoint(String(row), vector));
    expectOk(await store.upsert(points));
    await store.close();
    return () => server.stop();
  });

  it('keeps what it has chosen with the collection, and draws it', async () => {
    const svg = path.join(await createDirectory(), 'curve.svg');
    const queries = path.join(await createDirectory(), 'texts.txt');
    await writeFile(queries, Array.from({ length: 30 }, (_, n) => `a dog number ${n}`).join('\n'));
    const args = [...few, '--queries', queries, '--svg', svg];
    const { code, stdout, stderr } = await runScript('tune', args, env);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const [, before = '', after = ''] = /Kept: (.*) → (.*)\./.exec(stdout) ?? [];
    expect(after).toMatch(/^ef \d+, oversampling \d$/);
    expect(await readFile(svg, 'utf8')).toContain(`${after}</text>`);
    expect(before).not.toBe('');
    const store = await open();
    const { effort } = expectOk(await store.describe());
    await store.close();
    expect(`ef ${effort.ef}, oversampling ${effort.oversampling}`).toBe(after);
  }, 300_000);

  it('warns loudly when a setting of the environment goes before', async () => {
    const args = [...few, '--dry-run', '--json'];
    const { stderr, stdout } = await runScript('tune', args, { ...env, QDRANT_HNSW_EF: '99' });
    expect(stderr).toContain('WARNING: QDRANT_HNSW_EF=99');
    expect(JSON.parse(stdout)).toMatchObject({
      before: { ef: 99 },
      overruled_by: 99,
      dry_run: true,
    });
  });

  it('builds a search space, and leaves the index as it was when that does not win', async () => {
    const { code, stdout } = await runScript('tune', [...few, '--search-space'], env);
    expect(stdout).toContain('does not win');
    expect(code).toBe(0);
  });
});
