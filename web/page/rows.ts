/** Where a card is, in pixels: the picture's width and height, and its row, from 0. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly row: number;
}

interface RowsOptions {
  /** Of the whole list, and between two cards. */
  readonly width: number;
  readonly gap: number;
}

/** Wide enough for a name under it. */
const minWidth = 112;
const [flattest, tallest] = [2.4, 0.6];

/**
 * Rows that are as wide as the list, of about one height, in which every picture has its own
 * proportions; only the last row may be shorter. Very long pictures are treated as less long.
 *
 * @param sizes Width and height of each picture, in any unit; a size that is not known counts as square.
 */
export function layOutRows(
  sizes: readonly { readonly width: number; readonly height: number }[],
  { width, gap }: RowsOptions,
): Box[] {
  const wanted = rowHeight(width);
  const narrowest = Math.max(tallest, minWidth / wanted);
  const ratios = sizes.map((size) => {
    const ratio = size.width > 0 && size.height > 0 ? size.width / size.height : 1;
    return Math.min(flattest, Math.max(narrowest, ratio));
  });
  const heightOf = (row: readonly number[]) =>
    Math.max(1, width - gap * (row.length - 1)) / row.reduce((sum, ratio) => sum + ratio, 0);

  const rows = fillRows(ratios, (row) => heightOf(row) - wanted);
  // As high as the one above it, which it is compared with.
  const above = rows.at(-2);
  const highest = above ? heightOf(above) : wanted;
  return rows.flatMap((row, index) => {
    const isLast = index === rows.length - 1;
    const height = isLast ? Math.min(heightOf(row), highest) : heightOf(row);
    return row.map((ratio) => ({
      width: floor(ratio * height),
      height: floor(height),
      row: index,
    }));
  });
}

/** @param excess How much higher than wanted a row would be; it falls with every picture. */
function fillRows(
  ratios: readonly number[],
  excess: (row: readonly number[]) => number,
): (readonly number[])[] {
  const rows: (readonly number[])[] = [];
  let row: readonly number[] = [];
  for (const ratio of ratios) {
    const longer = [...row, ratio];
    const [before, after] = [row.length > 0 ? excess(row) : Infinity, excess(longer)];
    if (after > 0) row = longer;
    else if (before < -after) {
      rows.push(row);
      row = [ratio];
    } else {
      rows.push(longer);
      row = [];
    }
  }
  return row.length > 0 ? [...rows, row] : rows;
}

function rowHeight(width: number): number {
  return Math.min(230, Math.max(140, 104 + width * 0.085));
}

/** Down to hundredths: a row that is a bit too wide would break. */
function floor(pixels: number): number {
  return Math.floor(pixels * 100) / 100;
}
