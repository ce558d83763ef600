import { afterEach, beforeEach, expect, it } from 'vitest';
import { createQdrantStore } from '../adapters/qdrant-store.ts';
import type { PointSource } from '../core/point-sources.ts';
import type { VectorStore } from '../core/ports.ts';
import { reindex } from '../core/reindex.ts';
import { ok } from '../core/result.ts';
import { expectOk } from './support/expect-ok.ts';
import { createPoint, randomVector } from './support/points.ts';
import { type RunningQdrant, startQdrant } from './support/qdrant-server.ts';
import { seededRandom } from './support/random.ts';
import { idsOf, scanned } from './support/store-contents.ts';

const oldModel = { id: 'old', revision: '1', dimensions: 16 };
const newModel = { ...oldModel, id: 'new' };
const shape = {
  m: 16,
  efConstruct: 100,
  shardNumber: 1,
  replicationFactor: 1,
  writeConsistencyFactor: 1,
  readFanOutFactor: 0,
  quantization: 'int8',
  onDisk: false,
} as const;
let server: RunningQdrant;

beforeEach(async () => {
  server = await startQdrant();
});
afterEach(() => server.stop());

async function open(model = oldModel): Promise<VectorStore> {
  const { host, port } = server;
  const place = { address: { host, port }, timeoutMs: 20_000, collection: 'images' };
  return expectOk(await createQdrantStore({ ...place, model, shape }));
}

const random = seededRandom(1);
const pointOf = (id: string, width = 1) => createPoint(id, randomVector(random, 16), { width });

it('moves a collection of Qdrant while it is searched and written to, and no search fails', async () => {
  const store = await open();
  const ids = Array.from({ length: 400 }, (_, n) => String(n));
  expectOk(await store.upsert(ids.map((id) => pointOf(id))));
  const over = new AbortController();
  let [searches, failed] = [0, 0];
  const searching = (async () => {
    while (!over.signal.aborted) {
      const found = await store.query({ vector: randomVector(random, 16), limit: 5 });
      searches += 1;
      if (!found.ok || found.value.length < 5) failed += 1;
    }
  })();
  const source: PointSource = {
    async *drafts(from) {
      for await (const page of from.scan()) {
        yield page.ok ? ok(page.value.map((record) => ({ record }))) : page;
      }
    },
    async make(drafts) {
      expectOk(await store.remove(['3']));
      expectOk(await store.upsert([pointOf('4', 2), pointOf('900')]));
      return ok({
        points: drafts.map(({ record }) => ({ ...pointOf(record.id), record })),
        leftOut: [],
      });
    },
  };
  const begun = expectOk(await store.succeed({ model: newModel, searchSpace: null }));
  const successor = {
    ...begun,
    async publish() {
      // Between the last pass and the switch.
      expectOk(await store.remove(['5']));
      expectOk(await store.upsert([pointOf('6', 2), pointOf('901')]));
      const published = await begun.publish();
      expectOk(await store.remove(['7', '901']));
      expectOk(await store.upsert([pointOf('902')]));
      return published;
    },
  };
  expectOk(await reindex({ from: store, successor, source }));
  over.abort();
  await searching;
  expect(failed).toBe(0);
  expect(searches).toBeGreaterThan(5);
  await store.close();
  const after = await open(newModel);
  const records = await scanned(after);
  const gone = new Set(['3', '5', '7']);
  const kept = ids.filter((id) => !gone.has(id));
  // 901 came and went round the switch, which nothing but its absence tells.
  expect(idsOf(records.filter(({ id }) => id !== '901'))).toEqual([...kept, '900', '902']);
  const widths = new Map(records.map(({ id, metadata }) => [id, metadata.width]));
  expect([widths.get('4'), widths.get('6'), widths.get('8')]).toEqual([2, 2, 1]);
  expect(server.storage.collections.size).toBe(1);
  await after.close();
});
