import { readImageGraph } from '../adapters/image-graph.ts';
import {
  type ModelDirectory,
  type Precision,
  precisions,
  type Tower,
} from '../adapters/model-directory.ts';
import type { sessionOn } from '../adapters/onnx-device.ts';
import { type Feed, type OnnxSession, openOnnxSession } from '../adapters/onnx-session.ts';
import { readTextGraph } from '../adapters/text-graph.ts';
import { toFeeds } from '../adapters/text-runs.ts';
import { toUnitVectors } from '../adapters/unit-vectors.ts';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { seededRandom } from '../test/support/random.ts';
import { similarity } from '../test/support/similarity.ts';
import { clipShapes, type Work, workOf } from './clip-work.ts';
import type { Repeated } from './take-turns.ts';

/** One number of the table: what is run. */
export interface EncoderCase {
  readonly tower: Tower;
  readonly precision: Precision;
  /** Of one text; of pictures none. */
  readonly tokens?: number;
  readonly batch: number;
  /** What it has to do at the least, where the shape is known. */
  readonly work?: Work | undefined;
}

interface OpenedCases {
  readonly cases: readonly Repeated<EncoderCase>[];
  /** Least cosine of a precision's vectors to those of fp32. */
  readonly similarities: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export type SettingsOf = (tower: Tower) => ReturnType<typeof sessionOn>;

const batches = { text: [1, 8, 32], image: [1, 16] } as const;
const tokenCounts = [8, 10, 12, 32];

/** Opens every tower in every precision that the model has. */
export async function openCases(model: ModelDirectory, settingsOf: SettingsOf): Async<OpenedCases> {
  const { variants } = model.manifest;
  const cases: Repeated<EncoderCase>[] = [];
  const sessions: OnnxSession[] = [];
  const similarities: Record<string, number> = {};
  for (const tower of ['text', 'image'] as const) {
    let reference: Float32Array[] = [];
    for (const precision of precisions) {
      if (precision !== 'fp32' && variants[precision]?.[tower] === undefined) continue;
      const session = await openOnnxSession({
        path: model.graphOf(tower, precision),
        ...settingsOf(tower),
      });
      if (!session.ok) return session;
      sessions.push(session.value);
      const run = tower === 'text' ? textRun(model, session.value) : imageRun(model, session.value);
      if (!run.ok) return run;
      const vectors = await run.value(10, 8);
      if (!vectors.ok) return vectors;
      if (precision === 'fp32') reference = vectors.value;
      else similarities[`${tower} ${precision}`] = leastSimilarity(reference, vectors.value);
      cases.push(...casesOf(model, { tower, precision }, run.value));
    }
  }
  const close = async () => void (await Promise.all(sessions.map((session) => session.close())));
  return ok({ cases, similarities, close });
}

function casesOf(
  { manifest }: ModelDirectory,
  { tower, precision }: Pick<EncoderCase, 'tower' | 'precision'>,
  run: RunOf,
): Repeated<EncoderCase>[] {
  const lengths = tower === 'text' ? [...tokenCounts, manifest.contextLength] : [undefined];
  return lengths.flatMap((tokens) =>
    batches[tower].map((batch) => {
      const shape = clipShapes[manifest.id.split('/')[0] ?? '']?.[tower];
      const work = shape && workOf(shape, batch, tokens);
      const known = tokens === undefined ? {} : { tokens };
      return {
        what: { tower, precision, batch, work, ...known },
        run: () => run(tokens ?? 1, batch),
      };
    }),
  );
}

type RunOf = (tokens: number, batch: number) => Async<Float32Array[]>;

function textRun({ manifest }: ModelDirectory, session: OnnxSession) {
  const graph = readTextGraph(session, manifest.dimensions);
  if (!graph.ok) return err(failure('invalid_model', `Cannot measure as ${graph.error}`));
  const form = {
    ...graph.value,
    everyLength: graph.value.fixedLength,
    mayPad: false,
    readsPadding: false,
    paddingId: manifest.padding.id,
    contextLength: manifest.contextLength,
    runCostTokens: 0,
  };
  const run: RunOf = async (tokens, batch) => {
    const random = seededRandom(tokens);
    const texts = Array.from({ length: batch }, () => ({
      ids: Array.from({ length: tokens }, () => 1 + Math.floor(random() * 400)),
      truncated: false,
    }));
    const output = await session.run(toFeeds(texts, form), form.output);
    if (!output.ok) return output;
    const last = { from: tokens - 1, to: tokens };
    return ok(
      toUnitVectors(output.value, manifest.dimensions, () => last).filter(
        (one) => one !== undefined,
      ),
    );
  };
  return ok(run);
}

function imageRun({ manifest }: ModelDirectory, session: OnnxSession) {
  const graph = readImageGraph(session, manifest);
  if (!graph.ok) return err(failure('invalid_model', `Cannot measure as ${graph.error}`));
  const { input: name, type, output } = graph.value;
  const side = manifest.pixels.size;
  const random = seededRandom(1);
  const picture = Float32Array.from({ length: 3 * side * side }, () => random() * 2 - 1);
  const run: RunOf = async (_, batch) => {
    const pixels = new Float32Array(batch * picture.length);
    for (let place = 0; place < batch; place += 1) pixels.set(picture, place * picture.length);
    const data = type === 'float16' ? Float16Array.from(pixels) : pixels;
    const feed: Feed = { name, type, data, shape: [batch, 3, side, side] };
    const given = await session.run([feed], output);
    if (!given.ok) return given;
    const first = { from: 0, to: 1 };
    return ok(
      toUnitVectors(given.value, manifest.dimensions, () => first).filter(
        (one) => one !== undefined,
      ),
    );
  };
  return ok(run);
}

function leastSimilarity(one: readonly Float32Array[], other: readonly Float32Array[]): number {
  return Math.min(...one.map((vector, place) => similarity(vector, other[place])));
}
