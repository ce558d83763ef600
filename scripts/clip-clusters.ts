/**
 * The variance that is left within clusters, by column: for clusters, clusters within these, and so
 * on. Found by k-means within k-means.
 *
 * @param branches Into how many parts a cluster is divided, level by level.
 * @returns Per level, per column, corrected for the means being taken from the same rows.
 */
export function variancesWithin(
  rows: readonly Float32Array[],
  branches: readonly number[],
): Float64Array[] {
  let clusters: (readonly Float32Array[])[] = [rows];
  return branches.map((parts) => {
    clusters = clusters.flatMap((cluster) => divide(cluster, parts));
    return varianceWithin(clusters);
  });
}

const rounds = 10;

/** K-means from evenly spaced rows; what would be smaller than two rows is not divided. */
function divide(rows: readonly Float32Array[], parts: number): (readonly Float32Array[])[] {
  if (rows.length < 2 * parts) return [rows];
  let centres = Array.from(
    { length: parts },
    (_, part) => rows[Math.floor(((part + 0.5) * rows.length) / parts)] ?? new Float32Array(),
  );
  let divided: Float32Array[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    divided = centres.map(() => []);
    for (const row of rows) divided[nearest(row, centres)]?.push(row);
    centres = divided.map((part, index) =>
      part.length > 0 ? meanOf(part) : (centres[index] ?? new Float32Array()),
    );
  }
  return divided.filter((part) => part.length > 0);
}

function nearest(row: Float32Array, centres: readonly Float32Array[]): number {
  let best = 0;
  let least = Infinity;
  for (const [index, centre] of centres.entries()) {
    let distance = 0;
    for (let column = 0; column < row.length; column += 1) {
      const difference = (row[column] ?? 0) - (centre[column] ?? 0);
      distance += difference * difference;
    }
    if (distance >= least) continue;
    best = index;
    least = distance;
  }
  return best;
}

function varianceWithin(clusters: readonly (readonly Float32Array[])[]): Float64Array {
  const sums = new Float64Array(clusters[0]?.[0]?.length ?? 0);
  let freedom = 0;
  for (const cluster of clusters) {
    const mean = meanOf(cluster);
    for (const row of cluster) {
      for (let column = 0; column < row.length; column += 1) {
        sums[column] = (sums[column] ?? 0) + ((row[column] ?? 0) - (mean[column] ?? 0)) ** 2;
      }
    }
    freedom += cluster.length - 1;
  }
  return sums.map((sum) => sum / Math.max(1, freedom));
}

/** The mean row. */
export function meanOf(rows: readonly Float32Array[]): Float32Array {
  const sums = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) {
    for (let column = 0; column < row.length; column += 1) {
      sums[column] = (sums[column] ?? 0) + (row[column] ?? 0);
    }
  }
  return Float32Array.from(sums, (sum) => sum / rows.length);
}
