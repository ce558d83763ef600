import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import { ok } from '../core/result.ts';
import { seededRandom } from '../test/support/random.ts';
import { wrongArgument } from './command.ts';
import { openNpy } from './npy-reader.ts';

/** Vectors and what is asked of them, split so that nothing is measured on what it was made from. */
export interface SpaceSamples {
  /** In the index. */
  readonly images: readonly Vector[];
  /** Queries that are images which are not in the index. */
  readonly imageQueries: readonly Asked[];
  /** Two halves: where one makes the statistics, the other is asked. */
  readonly textHalves: readonly (readonly Asked[])[];
}

export interface Asked {
  readonly vector: Vector;
  /** Places among `images` of the exact nearest ten. */
  readonly nearest: ReadonlySet<number>;
}

export interface SpaceFiles {
  readonly vectors: string;
  readonly queries: string;
  /** The exact nearest rows of `vectors` for each query, 20 or more; else they are looked for. */
  readonly nearest?: string | undefined;
}

const wanted = 10;

export interface SplitOptions {
  /** Images that are queries instead. */
  readonly heldOut: number;
  /**
   * So many vectors are indexed that are each two real ones and noise, in place of the real ones: 0
   * for the real ones. Harder than those, and not what the defaults were chosen on.
   */
  readonly mixtures: number;
}

export async function readSamples(files: SpaceFiles, options: SplitOptions): Async<SpaceSamples> {
  const vectors = await readRows(files.vectors);
  if (!vectors.ok) return vectors;
  const queries = await readRows(files.queries);
  if (!queries.ok) return queries;
  const listed = files.nearest === undefined ? ok([]) : await readRows(files.nearest);
  if (!listed.ok) return listed;
  const [images, texts] = [vectors.value, queries.value];
  if (images.length < Math.max(10 * wanted, 2 * options.heldOut) || texts.length < 2) {
    return wrongArgument(
      `there are too few rows: ${images.length} vectors, ${texts.length} queries`,
    );
  }
  if (images[0]?.length !== texts[0]?.length) return wrongArgument('the rows differ in length');
  return ok(split(images.map(toUnit), texts.map(toUnit), listed.value, options));
}

function split(
  real: readonly Vector[],
  texts: readonly Vector[],
  listed: readonly Vector[],
  { heldOut, mixtures }: SplitOptions,
): SpaceSamples {
  const step = Math.floor(real.length / heldOut);
  const isHeldOut = (row: number) => row % step === 0 && row < step * heldOut;
  const rows = Array.from(real.keys()).filter((row) => !isHeldOut(row));
  const kept = real.filter((_, row) => !isHeldOut(row));
  const images = mixtures === 0 ? kept : mix(kept, mixtures);
  const places = new Map(rows.map((row, place) => [row, place]));
  const toAsked = (vector: Vector): Asked => ({ vector, nearest: nearestOf(images, vector) });
  const asked = texts.map((vector, row): Asked => {
    const known = mixtures === 0 ? Array.from(listed[row] ?? []) : [];
    const found = known.flatMap((near) => places.get(near) ?? []).slice(0, wanted);
    return found.length === wanted ? { vector, nearest: new Set(found) } : toAsked(vector);
  });
  return {
    images,
    imageQueries: real.filter((_, row) => isHeldOut(row)).map(toAsked),
    textHalves: [0, 1].map((half) => asked.filter((_, row) => row % 2 === half)),
  };
}

async function readRows(path: string): Async<Vector[]> {
  const file = await openNpy(path);
  if (!file.ok) return file;
  const rows: Vector[] = [];
  for await (const page of file.value.read()) {
    if (!page.ok) return page;
    rows.push(...page.value);
  }
  return ok(rows);
}

export function toUnit(vector: Vector): Vector {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((value) => value / length) : vector;
}

function nearestOf(vectors: readonly Vector[], query: Vector): ReadonlySet<number> {
  const scores = Float64Array.from(vectors, (vector) => dot(vector, query));
  const least = scores.toSorted().at(-wanted) ?? 0;
  const found = Array.from(scores.keys()).filter((place) => (scores[place] ?? 0) >= least);
  return new Set(found.slice(0, wanted));
}

function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Always the same ones. */
function mix(vectors: readonly Vector[], count: number): Vector[] {
  const random = seededRandom(1);
  const any = () => vectors[Math.floor(random() * vectors.length)] ?? new Float32Array(0);
  return Array.from({ length: count }, () => {
    const first = any();
    const second = any();
    const share = 0.5 + random() / 2;
    const noise = 0.35 / Math.sqrt(first.length);
    return toUnit(
      first.map(
        (value, i) =>
          share * value + (1 - share) * (second[i] ?? 0) + noise * Math.sqrt(12) * (random() - 0.5),
      ),
    );
  });
}
