import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { meanOf, variancesWithin } from './clip-clusters.ts';
import type { ClipStatistics } from './clip-like-statistics.ts';
import { runCommand, wrongArgument } from './command.ts';
import { openNpy } from './npy-reader.ts';

const help = `Sum up the vectors of a CLIP model, for \`npm run simulate -- --like clip\` to imitate.

  node scripts/clip-statistics.ts --vectors V.npy --queries Q.npy [--out file.json]

  --vectors <file>   image embeddings, a row each
  --queries <file>   text embeddings, a row each
  --out <file>       where to (scripts/clip-like.json)
  --help             this text

Means, variances and spectra: no row can be had back from them.
`;

/** Into how many parts clusters are divided, and these again. */
const branches = [32, 8];
/** Directions, by falling variance, over which the share within clusters is averaged. */
const bandWidth = 16;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      vectors: { type: 'string' },
      queries: { type: 'string' },
      out: { type: 'string', default: join(import.meta.dirname, 'clip-like.json') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const { vectors, queries, out } = values;
  if (vectors === undefined || queries === undefined) {
    return wrongArgument('it needs --vectors and --queries (see --help)');
  }
  const images = await readUnit(vectors);
  if (!images.ok) return images;
  const texts = await readUnit(queries);
  if (!texts.ok) return texts;
  const source = `${images.value.length} images and ${texts.value.length} texts of ${basename(dirname(vectors))}`;
  await writeFile(out, `${JSON.stringify(sumUp(source, images.value, texts.value), rounded, 1)}\n`);
  process.stdout.write(`${out}\n`);
  return ok(0);
});

async function readUnit(path: string): Async<Float32Array[]> {
  const file = await openNpy(path);
  if (!file.ok) return file;
  const rows: Float32Array[] = [];
  for await (const page of file.value.read()) {
    if (!page.ok) return page;
    for (const row of page.value) {
      const length = Math.hypot(...row);
      rows.push(row.map((value) => value / length));
    }
  }
  return ok(rows);
}

function sumUp(
  source: string,
  images: readonly Float32Array[],
  texts: readonly Float32Array[],
): ClipStatistics {
  const image = analyse(images);
  const text = analyse(texts);
  const turned = images.map((row) => image.turn(row));
  const within = variancesWithin(turned, branches).map((variances) =>
    Array.from({ length: Math.ceil(variances.length / bandWidth) }, (_, band) => {
      const [start, end] = [band * bandWidth, (band + 1) * bandWidth];
      return total(variances.slice(start, end)) / total(image.spectrum.slice(start, end));
    }),
  );
  return {
    source,
    image: { mean: image.mean, variance: image.variance, spectrum: image.spectrum },
    text: { mean: text.mean, variance: text.variance, spectrum: text.spectrum },
    clusters: { branches, bandWidth, within },
  };
}

/** Mean and variance by coordinate, and the variances along the principal directions. */
function analyse(rows: readonly Float32Array[]) {
  const mean = meanOf(rows);
  const covariance = covarianceOf(rows, mean);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, index) => index);
  order.sort((a, b) => (realEigenvalues[b] ?? 0) - (realEigenvalues[a] ?? 0));
  const directions = order.map((index) => Float64Array.from(eigenvectorMatrix.getColumn(index)));
  return {
    mean: Array.from(mean),
    variance: covariance.diagonal(),
    spectrum: order.map((index) => Math.max(0, realEigenvalues[index] ?? 0)),
    turn: (row: Float32Array) =>
      Float32Array.from(directions, (direction) => {
        let sum = 0;
        for (let column = 0; column < row.length; column += 1) {
          sum += (direction[column] ?? 0) * ((row[column] ?? 0) - (mean[column] ?? 0));
        }
        return sum;
      }),
  };
}

function covarianceOf(rows: readonly Float32Array[], mean: Float32Array): Matrix {
  const size = mean.length;
  const sums = Array.from({ length: size }, () => new Float64Array(size));
  for (const row of rows) {
    const centred = row.map((value, column) => value - (mean[column] ?? 0));
    for (const [line, value] of centred.entries()) {
      const target = sums[line];
      if (target === undefined) continue;
      for (let column = 0; column < size; column += 1) {
        target[column] = (target[column] ?? 0) + value * (centred[column] ?? 0);
      }
    }
  }
  return new Matrix(sums.map((sum) => Array.from(sum, (value) => value / rows.length)));
}

function total(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}
