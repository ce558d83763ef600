import type { Vector } from '../core/model.ts';

/** Rows by similarity, best first. */
export interface Neighbours {
  readonly rows: Int32Array;
  readonly scores: Float64Array;
}

export interface NeighbourQuery {
  readonly vector: Vector;
  /** A row that is not to be found: that which the query was made of. */
  readonly except?: number | undefined;
}

/** Compares every row with every query, and keeps the nearest of each group of rows. */
export interface NeighbourSearch {
  /** The groups that a row is in, by their place. */
  offer(row: number, vector: Vector, groups: readonly number[]): void;
  nearest(query: number, group: number): Neighbours;
}

/** Plain arithmetic and no index: what the answers of an index are compared with. */
export function createNeighbourSearch(
  queries: readonly NeighbourQuery[],
  { keep, groups }: { readonly keep: number; readonly groups: number },
): NeighbourSearch {
  const tops = queries.map(() => Array.from({ length: groups }, () => createTop(keep)));
  const scoresOf = createComparison(queries.map(({ vector }) => vector));
  return {
    offer(row, vector, inGroups) {
      const scores = scoresOf(vector);
      for (let query = 0; query < queries.length; query += 1) {
        if (row === queries[query]?.except) continue;
        for (const group of inGroups) tops[query]?.[group]?.offer(row, scores[query] ?? 0);
      }
    },
    nearest: (query, group) => tops[query]?.[group]?.sorted() ?? none,
  };
}

const none: Neighbours = { rows: new Int32Array(0), scores: new Float64Array(0) };

/** The best so far, in order; of equal ones the first come first. */
function createTop(keep: number) {
  const rows = new Int32Array(keep);
  const scores = new Float64Array(keep);
  let size = 0;
  return {
    offer(row: number, score: number): void {
      if (size === keep && score <= (scores[size - 1] ?? 0)) return;
      let place = size < keep ? size : keep - 1;
      for (; place > 0 && score > (scores[place - 1] ?? 0); place -= 1) {
        scores[place] = scores[place - 1] ?? 0;
        rows[place] = rows[place - 1] ?? 0;
      }
      scores[place] = score;
      rows[place] = row;
      if (size < keep) size += 1;
    },
    sorted: (): Neighbours => ({ rows: rows.slice(0, size), scores: scores.slice(0, size) }),
  };
}

const lanes = 4;

/** The inner products of one vector with all of these: four at a time, as one would wait for itself. */
function createComparison(queries: readonly Vector[]): (vector: Vector) => Float64Array {
  const length = queries[0]?.length ?? 0;
  const flat = new Float32Array(Math.ceil(queries.length / lanes) * lanes * length);
  for (const [place, query] of queries.entries()) flat.set(query, place * length);
  const scores = new Float64Array(Math.ceil(queries.length / lanes) * lanes);
  return (vector) => {
    for (let query = 0; query < scores.length; query += lanes) {
      const start = query * length;
      let [first, second, third, fourth] = [0, 0, 0, 0];
      for (let i = 0; i < length; i += 1) {
        const value = vector[i] ?? 0;
        first += value * (flat[start + i] ?? 0);
        second += value * (flat[start + length + i] ?? 0);
        third += value * (flat[start + 2 * length + i] ?? 0);
        fourth += value * (flat[start + 3 * length + i] ?? 0);
      }
      scores[query] = first;
      scores[query + 1] = second;
      scores[query + 2] = third;
      scores[query + 3] = fourth;
    }
    return scores;
  };
}

export function innerProduct(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
