import { abortFailure, type Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import { chooseRows, readUnitRows } from './evaluation-rows.ts';
import { createNeighbourSearch, innerProduct, type Neighbours } from './exact-neighbours.ts';
import type { NpyFile } from './npy-reader.ts';
import { createRowGroups, type RowGroup } from './row-groups.ts';

/** What is found in a first reading of the vectors. */
export interface Sampled {
  readonly groups: readonly RowGroup[];
  /** Rows to ask with, as one asks for similar pictures. */
  readonly imageQueries: readonly { readonly row: number; readonly vector: Vector }[];
  /** Any vectors, for the statistics of a search space. */
  readonly sample: readonly Vector[];
}

const sampleSize = 5000;

export async function sampleRows(
  file: NpyFile,
  options: {
    readonly shares: readonly number[];
    readonly seed: number;
    readonly imageQueries: number;
  },
): Async<Sampled> {
  const { shares, seed } = options;
  const [pivotRow = 0] = chooseRows(1, file.rows, seed + 1);
  const wanted = new Set(chooseRows(options.imageQueries, file.rows, seed + 2));
  const sampled = new Set(chooseRows(sampleSize, file.rows, seed + 3));
  const pivot = await readRow(file, pivotRow);
  if (!pivot.ok) return pivot;
  const similarities = new Float32Array(file.rows);
  const imageQueries: { row: number; vector: Vector }[] = [];
  const sample: Vector[] = [];
  for await (const page of readUnitRows(file)) {
    if (!page.ok) return page;
    for (const { row, vector } of page.value) {
      similarities[row] = innerProduct(vector, pivot.value);
      if (wanted.has(row)) imageQueries.push({ row, vector });
      if (sampled.has(row)) sample.push(vector);
    }
  }
  return ok({ groups: createRowGroups(shares, similarities, seed), imageQueries, sample });
}

async function readRow(file: NpyFile, row: number): Async<Vector> {
  for await (const page of file.read({ from: row, pageRows: 1 })) {
    return page.ok ? ok(page.value[0] ?? new Float32Array(file.columns)) : page;
  }
  return ok(new Float32Array(file.columns));
}

/** The nearest of a query, by the place of the group of rows that they are of. */
export interface Truth {
  text(query: number, group: number): Neighbours;
  /** Of all rows but its own. */
  image(query: number): Neighbours;
}

export interface TruthOptions {
  readonly k: number;
  readonly onRows: (count: number) => void;
  readonly signal: AbortSignal;
}

/** A few more than are asked for, as equally near ones count as well. */
const spare = 32;

/** Compares every row with every query. */
export async function computeTruth(
  file: NpyFile,
  texts: readonly Vector[],
  { groups, imageQueries }: Sampled,
  { k, onRows, signal }: TruthOptions,
): Async<Truth> {
  const textQueries = texts.map((vector) => ({ vector }));
  const textSearch = createNeighbourSearch(textQueries, { keep: k + spare, groups: groups.length });
  const images = imageQueries.map(({ row, vector }) => ({ vector, except: row }));
  const imageSearch = createNeighbourSearch(images, { keep: k + spare, groups: 1 });
  for await (const page of readUnitRows(file)) {
    if (signal.aborted) return err(abortFailure(signal));
    if (!page.ok) return page;
    for (const { row, vector } of page.value) {
      const inGroups = [...groups.keys()].filter((place) => groups[place]?.has(row));
      textSearch.offer(row, vector, inGroups);
      imageSearch.offer(row, vector, [0]);
    }
    onRows(page.value.length);
  }
  return ok({
    text: (query, group) => textSearch.nearest(query, group),
    image: (query) => imageSearch.nearest(query, 0),
  });
}
