import { hash } from 'node:crypto';
import type { Filter } from '../core/filter.ts';

/** Rows that a filter keeps. */
export interface RowGroup {
  /** `random`: any rows. `cluster`: rows that are alike, as those of one category are. */
  readonly kind: 'all' | 'random' | 'cluster';
  /** Of all rows, as asked for. */
  readonly share: number;
  has(row: number): boolean;
}

/**
 * Every row, and for each share two groups: of rows by chance, and of those nearest to one picture.
 * The second are the hard ones: a walk through a graph begins where none of them may be.
 *
 * @param similarities Of each row to that picture.
 */
export function createRowGroups(
  shares: readonly number[],
  similarities: Float32Array,
  seed: number,
): RowGroup[] {
  const sorted = similarities.slice().sort();
  return [
    { kind: 'all', share: 1, has: () => true },
    ...shares.flatMap((share): RowGroup[] => {
      const cut = sorted[Math.round(sorted.length * (1 - share))] ?? Infinity;
      return [
        { kind: 'random', share, has: (row) => chanceOf(`${seed} ${share} ${row}`) < share },
        { kind: 'cluster', share, has: (row) => (similarities[row] ?? -1) >= cut },
      ];
    }),
  ];
}

/** The metadata that the filters of the groups ask for. */
export function metadataOf(groups: readonly RowGroup[], row: number): Record<string, true> {
  const own = groups.filter((group) => group.kind !== 'all' && group.has(row));
  return Object.fromEntries(own.map((group) => [keyOf(group), true]));
}

export function filterOf(group: RowGroup): Filter | undefined {
  if (group.kind === 'all') return undefined;
  return [{ kind: 'in', key: keyOf(group), values: [true] }];
}

function keyOf({ kind, share }: RowGroup): string {
  return `${kind}-${share}`;
}

/** From 0 to 1, always the same for the same text. */
export function chanceOf(text: string): number {
  return Number.parseInt(hash('md5', text, 'hex').slice(0, 12), 16) / 16 ** 12;
}
