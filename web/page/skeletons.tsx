import { layOutRows } from './rows.ts';

interface SkeletonsProps {
  readonly count: number;
  /** Of the list, and between two cards, in pixels. */
  readonly width: number;
  readonly gap: number;
  readonly maxRows: number;
}

/** What pictures of all kinds look like in rows. */
const ratios = [1, 1.5, 1, 1.3, 0.8, 1.2];

/** Where results are going to be. */
export function Skeletons({ count, width, gap, maxRows }: SkeletonsProps) {
  const sizes = Array.from({ length: count }, (_, index) => ({
    width: ratios[index % ratios.length] ?? 1,
    height: 1,
  }));
  const boxes = width === 0 ? [] : layOutRows(sizes, { width, gap });
  return boxes
    .filter(({ row }) => row < maxRows)
    .map((box, index) => (
      <li
        key={`skeleton-${index}`}
        class="card-item skeleton"
        aria-hidden="true"
        style={{ width: `${box.width + 8}px` }}
      >
        <span class="mat" style={{ height: `${box.height}px` }} />
        <span class="skeleton-line" />
        <span class="skeleton-line short" />
      </li>
    ));
}
