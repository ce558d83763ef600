import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { Neighbours } from './exact-neighbours.ts';
import { createProgress } from './progress.ts';
import type { JudgedQuery } from './search-measurement.ts';

/** Small numbers for ids, as they are met. */
export function createRowNumbers(): (id: string) => number {
  const rows = new Map<string, number>();
  return (id) => {
    const row = rows.get(id) ?? rows.size;
    rows.set(id, row);
    return row;
  };
}

export interface StoredVector {
  readonly id: string;
  readonly vector: Vector;
}

/** Some of the vectors of an index: pages come in the order of a hash, so these are as good as any. */
export async function takeVectors(
  store: Pick<VectorStore, 'scanPoints'>,
  count: number,
  signal?: AbortSignal,
): Async<StoredVector[]> {
  const taken: StoredVector[] = [];
  for await (const page of store.scanPoints(signal)) {
    if (!page.ok) return page;
    taken.push(...page.value.map(({ record, vector }) => ({ id: record.id, vector })));
    if (taken.length >= count) break;
  }
  return ok(taken.slice(0, count));
}

export interface JudgeOptions {
  readonly texts: readonly Vector[];
  readonly images: readonly StoredVector[];
  readonly k: number;
  readonly rowOf: (id: string) => number;
  readonly signal?: AbortSignal | undefined;
}

/** More than are asked for, as equally near ones count as well. */
const spare = 16;

/** Looks at every vector of the index for each query, so that it is known what is to be found. */
export async function judgeQueries(
  store: Pick<VectorStore, 'query'>,
  { texts, images, k, rowOf, signal }: JudgeOptions,
): Async<JudgedQuery[]> {
  const queries = [
    ...texts.map((vector) => ({ vector, from: 'text' as const, except: undefined })),
    ...images.map(({ id, vector }) => ({ vector, from: 'image' as const, except: rowOf(id) })),
  ];
  const judged: JudgedQuery[] = [];
  const progress = createProgress('Comparing', queries.length);
  for (const query of queries) {
    const { vector, except } = query;
    const limit = k + spare;
    const found = await store.query({ vector, limit, effort: { exact: true }, signal });
    if (!found.ok) return found;
    const others = found.value
      .map(({ record, score }) => ({ row: rowOf(record.id), score }))
      .filter(({ row }) => row !== except);
    const nearest: Neighbours = {
      rows: Int32Array.from(others, ({ row }) => row),
      scores: Float64Array.from(others, ({ score }) => score),
    };
    judged.push({ ...query, nearest });
    progress.advance(1);
  }
  progress.stop();
  return ok(judged);
}

/** Every other query, texts and images alike. */
export function splitQueries(queries: readonly JudgedQuery[]): [JudgedQuery[], JudgedQuery[]] {
  const half = (parity: number) =>
    (['text', 'image'] as const).flatMap((from) =>
      queries.filter((query) => query.from === from).filter((_, place) => place % 2 === parity),
    );
  return [half(0), half(1)];
}
