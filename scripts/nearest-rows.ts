import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { wrongArgument } from './command.ts';
import type { Neighbours } from './exact-neighbours.ts';
import { openNpy } from './npy-reader.ts';

/** What a list of the nearest rows has to fit to. */
export interface NearestShape {
  readonly queries: number;
  readonly rows: number;
  /** The nearest of each query that are needed. */
  readonly k: number;
}

/** The exact nearest rows of each query, best first, that somebody has computed. */
export async function readNearest(path: string, shape: NearestShape): Async<Neighbours[]> {
  const file = await openNpy(path);
  if (!file.ok) return file;
  const { rows: lists, columns } = file.value;
  if (lists !== shape.queries) {
    return wrongArgument(`${path} must have a row for each of ${shape.queries} queries: ${lists}`);
  }
  if (columns < Math.min(shape.k, shape.rows)) {
    return wrongArgument(`${path} must have ${shape.k} nearest for each query: ${columns}`);
  }
  const nearest: Neighbours[] = [];
  for await (const page of file.value.read()) {
    if (!page.ok) return page;
    for (const row of page.value) {
      const wrong = row.find((one) => !Number.isInteger(one) || one < 0 || one >= shape.rows);
      if (wrong !== undefined) {
        return wrongArgument(`${path} names a row that is not among ${shape.rows}: ${wrong}`);
      }
      nearest.push(toNeighbours(row));
    }
  }
  return ok(nearest);
}

/** The file has no scores: places stand for them, so that no two rows are equally near. */
function toNeighbours(row: Float32Array): Neighbours {
  return { rows: Int32Array.from(row), scores: Float64Array.from(row, (_, place) => -place) };
}
