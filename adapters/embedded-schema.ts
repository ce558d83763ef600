import {
  type ZVecCollection,
  ZVecCollectionSchema,
  ZVecCreateAndOpen,
  ZVecDataType,
  type ZVecHnswIndexParams,
  ZVecIndexType,
  ZVecInitialize,
  ZVecLogLevel,
  ZVecMetricType,
  ZVecQuantizeType,
  type ZVecHnswQueryParams,
} from '@zvec/zvec';
import type { SearchSpace } from '../core/search-space-form.ts';

export interface GraphSettings {
  /** Links of a vector in the HNSW graph. */
  readonly m: number;
  /** Candidates that are looked at when a vector is put in the graph. */
  readonly efConstruct: number;
}

/**
 * Makes a collection at a path that this process has never used, and opens it.
 * @param dimensions Of the model. In a search space zvec sees the space's vectors.
 */
export function createCollection(
  path: string,
  dimensions: number,
  { m, efConstruct }: GraphSettings,
  space?: SearchSpace,
): ZVecCollection {
  const schema = new ZVecCollectionSchema({
    name: 'pictures',
    vectors: {
      name: 'embedding',
      dataType: ZVecDataType.VECTOR_FP32,
      dimension: space?.storedDimensions ?? dimensions,
      indexParams: {
        indexType: ZVecIndexType.HNSW,
        // Of vectors of length 1 it is the cosine. Collections of both metrics in one process spoil each
        // other: zvec 0.7.0 then compares wrongly, also where it looks at every vector.
        metricType: ZVecMetricType.IP,
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

/** Those that the collection was made with. */
export function graphOf({ schema }: ZVecCollection): GraphSettings {
  const { m = 16, efConstruction = 200 } = schema.vector('embedding')
    .indexParams as ZVecHnswIndexParams;
  return { m, efConstruct: efConstruction };
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
