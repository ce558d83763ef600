import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {
  type ZVecCollection,
  ZVecCollectionSchema,
  ZVecCreateAndOpen,
  ZVecDataType,
  ZVecIndexType,
  ZVecMetricType,
  ZVecQuantizeType,
} from '@zvec/zvec';
import { type GraphSettings, prepareEngine, searchParams } from '../adapters/embedded-schema.ts';
import type { Vector } from '../core/model.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import type { Asked } from './space-samples.ts';

/** What a graph finds at one ef. */
export interface Found {
  readonly ef: number;
  /** Share of the exact nearest ten that are among the ten found. */
  readonly recall: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
}

/** A graph in files of its own, with the settings of the embedded store, that is thrown away. */
export interface TrialIndex {
  readonly buildSeconds: number;
  find(asked: readonly Asked[], ef: number): Promise<Found>;
  close(): Promise<void>;
}

const limit = 10;
/** As the store does: candidates that are compared in full precision. */
const candidates = 26;
const rowsAtOnce = 1000;

export async function buildTrialIndex(
  vectors: readonly Vector[],
  space: SearchSpace | undefined,
  graph: GraphSettings,
): Promise<TrialIndex> {
  prepareEngine();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'space-'));
  const dimensions = space?.storedDimensions ?? vectors[0]?.length ?? 0;
  const collection = createTrial(path.join(directory, 'trial'), dimensions, graph);
  for (let row = 0; row < vectors.length; row += rowsAtOnce) {
    const page = vectors.slice(row, row + rowsAtOnce);
    collection.insertSync(
      page.map((vector, place) => ({
        id: String(row + place),
        vectors: { embedding: space ? space.toStored(vector) : vector },
        fields: { record: '' },
      })),
    );
  }
  const start = performance.now();
  await collection.optimize({ concurrency: os.availableParallelism() });
  return {
    buildSeconds: (performance.now() - start) / 1000,
    find: (asked, ef) => find(collection, space, asked, ef),
    async close() {
      collection.closeSync();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * By inner products also where vectors are kept as they are, and that is the cosine: zvec 0.7.0 searches
 * wrongly in a process that has two metrics with 8-bit vectors.
 */
function createTrial(
  place: string,
  dimension: number,
  { m, efConstruct }: GraphSettings,
): ZVecCollection {
  const schema = new ZVecCollectionSchema({
    name: 'trial',
    vectors: {
      name: 'embedding',
      dataType: ZVecDataType.VECTOR_FP32,
      dimension,
      indexParams: {
        indexType: ZVecIndexType.HNSW,
        metricType: ZVecMetricType.IP,
        m,
        efConstruction: efConstruct,
        quantizeType: ZVecQuantizeType.INT8,
      },
    },
    fields: [{ name: 'record', dataType: ZVecDataType.STRING }],
  });
  return ZVecCreateAndOpen(place, schema);
}

async function find(
  collection: ZVecCollection,
  space: SearchSpace | undefined,
  asked: readonly Asked[],
  ef: number,
): Promise<Found> {
  const times: number[] = [];
  let found = 0;
  let expected = 0;
  for (const { vector, nearest } of asked) {
    const start = performance.now();
    const documents = await collection.query({
      fieldName: 'embedding',
      vector: space ? space.toQuery(vector).vector : vector,
      topk: candidates,
      outputFields: ['record'],
      params: searchParams(false, Math.max(ef, candidates)),
    });
    times.push(performance.now() - start);
    found += documents.slice(0, limit).filter(({ id }) => nearest.has(Number(id))).length;
    expected += nearest.size;
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)] ?? 0;
  return { ef, recall: found / expected, p50_ms: at(0.5), p95_ms: at(0.95) };
}
