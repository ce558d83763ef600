import { compareIds } from '../../core/image-id.ts';
import type { ImageRecord } from '../../core/model.ts';
import type { Point, VectorStore } from '../../core/ports.ts';
import { expectOk } from './expect-ok.ts';
import { cosine } from './points.ts';

/** Every record that a scan gives. */
export async function scanned(store: VectorStore): Promise<ImageRecord[]> {
  const records: ImageRecord[] = [];
  for await (const page of store.scan()) records.push(...expectOk(page));
  return records;
}

/** What an exact search would find. */
export function nearestIds(points: readonly Point[], query: Float32Array, limit: number): string[] {
  return points
    .map(({ record, vector }) => ({ id: record.id, score: cosine(vector, query) }))
    .sort((a, b) => b.score - a.score || compareIds(a.id, b.id))
    .slice(0, limit)
    .map(({ id }) => id);
}

export function idsOf(records: readonly ImageRecord[]): string[] {
  return sorted(records).map(({ id }) => id);
}

/** In the order of their ids. */
export function sorted(records: readonly ImageRecord[]): ImageRecord[] {
  return records.toSorted((a, b) => compareIds(a.id, b.id));
}
