import {
  type ZVecCollection,
  ZVecCollectionSchema,
  ZVecCreateAndOpen,
  ZVecDataType,
  ZVecIndexType,
  ZVecInitialize,
  ZVecLogLevel,
  ZVecMetricType,
  ZVecQuantizeType,
  type ZVecHnswQueryParams,
} from '@zvec/zvec';

export interface GraphSettings {
  /** Links of a vector in the HNSW graph. */
  readonly m: number;
  /** Candidates that are looked at when a vector is put in the graph. */
  readonly efConstruct: number;
}

/** Makes a collection at a path that this process has never used, and opens it. */
export function createCollection(
  path: string,
  dimensions: number,
  { m, efConstruct }: GraphSettings,
): ZVecCollection {
  const schema = new ZVecCollectionSchema({
    name: 'pictures',
    vectors: {
      name: 'embedding',
      dataType: ZVecDataType.VECTOR_FP32,
      dimension: dimensions,
      indexParams: {
        indexType: ZVecIndexType.HNSW,
        metricType: ZVecMetricType.COSINE,
        m,
        efConstruction: efConstruct,
        quantizeType: ZVecQuantizeType.INT8,
      },
    },
    fields: [
      { name: 'record', dataType: ZVecDataType.STRING },
      {
        name: 'facets',
        dataType: ZVecDataType.ARRAY_STRING,
        indexParams: { indexType: ZVecIndexType.INVERT },
      },
    ],
  });
  return ZVecCreateAndOpen(path, schema);
}

/** How to search: `exact` looks at every vector, else the graph with `ef` candidates. */
export function searchParams(exact: boolean, ef: number): ZVecHnswQueryParams {
  return { indexType: ZVecIndexType.HNSW, ef, isUsingRefiner: true, isLinear: exact };
}

let prepared = false;

/** zvec logs errors, and things that are none, to the console; what matters it also throws. */
export function prepareEngine(): void {
  if (prepared) return;
  prepared = true;
  ZVecInitialize({ logLevel: ZVecLogLevel.FATAL });
}
