import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layOutRows } from './rows.ts';

const gap = 16;
const size = fc.record({
  width: fc.integer({ min: 0, max: 8000 }),
  height: fc.integer({ min: 0, max: 8000 }),
});

function rowsOf(boxes: ReturnType<typeof layOutRows>) {
  const count = Math.max(-1, ...boxes.map(({ row }) => row)) + 1;
  return Array.from({ length: count }, (_, row) => boxes.filter((box) => box.row === row));
}

function widthOf(row: ReturnType<typeof layOutRows>): number {
  return row.reduce((sum, { width }) => sum + width, 0) + gap * (row.length - 1);
}

test('Rows fill the list but for the last, and none is wider than the list', () => {
  fc.assert(
    fc.property(
      fc.array(size, { maxLength: 60 }),
      fc.integer({ min: 320, max: 2560 }),
      (sizes, width) => {
        const boxes = layOutRows(sizes, { width, gap });
        expect(boxes.length).toBe(sizes.length);
        const rows = rowsOf(boxes);
        for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(width);
        for (const row of rows.slice(0, -1)) expect(widthOf(row)).toBeGreaterThan(width - 1);
      },
    ),
  );
});

test('Pictures keep their proportions, and have one height in a row', () => {
  const sizes = [
    { width: 400, height: 300 },
    { width: 300, height: 400 },
    { width: 1000, height: 1000 },
    { width: 1600, height: 900 },
    { width: 900, height: 1600 },
    { width: 640, height: 480 },
  ];
  const boxes = layOutRows(sizes, { width: 700, gap });
  for (const row of rowsOf(boxes)) expect(new Set(row.map(({ height }) => height)).size).toBe(1);
  const ratio = (of: { readonly width: number; readonly height: number }) => of.width / of.height;
  for (const [index, box] of boxes.entries()) {
    const wanted = ratio(sizes[index] ?? box);
    // The tallest one is a bit wider than itself.
    expect(ratio(box)).toBeCloseTo(Math.max(wanted, 112 / 163.5), 1);
  }
});

test('The last row has the height of the others where they are all alike', () => {
  const squares = Array.from({ length: 8 }, () => ({ width: 5, height: 5 }));
  const heights = new Set(layOutRows(squares, { width: 1200, gap }).map(({ height }) => height));
  expect(heights.size).toBe(1);
});

test('A phone shows two squares beside each other', () => {
  const squares = Array.from({ length: 4 }, () => ({ width: 0, height: 0 }));
  expect(layOutRows(squares, { width: 328, gap }).map(({ row }) => row)).toEqual([0, 0, 1, 1]);
});
