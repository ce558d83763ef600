import type { GraphSettings } from '../adapters/embedded-schema.ts';
import type { SearchSpaceChoices } from '../core/compute-search-space.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import type { SpaceCase } from './space-cases.ts';
import { buildTrialIndex, type Found } from './space-recall.ts';
import type { SpaceSamples } from './space-samples.ts';

export interface TrialPlan {
  readonly samples: SpaceSamples;
  readonly graph: GraphSettings;
  readonly efs: readonly number[];
  /** 1: the second half of the texts is asked; 2: the first one as well, in a graph of its own. */
  readonly folds: number;
  readonly choices: Partial<SearchSpaceChoices>;
}

export interface TrialResult {
  readonly name: string;
  readonly build_seconds: number;
  readonly text: readonly Found[];
  readonly image: readonly Found[];
}

/** Images that the statistics are taken of: more change nothing. */
const maxSample = 10_000;

export async function runTrial(one: SpaceCase, plan: TrialPlan): Async<TrialResult> {
  const { images, textHalves } = plan.samples;
  const step = Math.ceil(images.length / maxSample);
  const sample = images.filter((_, row) => row % step === 0);
  const results: TrialResult[] = [];
  for (let fold = 0; fold < plan.folds; fold += 1) {
    const texts = (textHalves[fold] ?? []).map(({ vector }) => vector);
    const space = one.make({ ...plan.choices, images: sample, texts });
    if (!space.ok) return space;
    const index = await buildTrialIndex(images, space.value, plan.graph);
    try {
      const text: Found[] = [];
      const image: Found[] = [];
      for (const ef of plan.efs) {
        text.push(await index.find(textHalves[1 - fold] ?? [], ef));
        image.push(await index.find(plan.samples.imageQueries, ef));
      }
      results.push({ name: one.name, build_seconds: index.buildSeconds, text, image });
    } finally {
      await index.close();
    }
  }
  return ok({
    name: one.name,
    build_seconds: mean(results.map(({ build_seconds }) => build_seconds)),
    text: plan.efs.map((ef, place) =>
      average(
        ef,
        results.flatMap(({ text }) => text[place] ?? []),
      ),
    ),
    image: plan.efs.map((ef, place) =>
      average(
        ef,
        results.flatMap(({ image }) => image[place] ?? []),
      ),
    ),
  });
}

function average(ef: number, found: readonly Found[]): Found {
  return {
    ef,
    recall: mean(found.map(({ recall }) => recall)),
    p50_ms: mean(found.map(({ p50_ms }) => p50_ms)),
    p95_ms: mean(found.map(({ p95_ms }) => p95_ms)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function toLines({ name, build_seconds, text, image }: TrialResult): string {
  const cells = (found: readonly Found[]) =>
    found
      .map(({ ef, recall, p95_ms }) =>
        `${ef}: ${recall.toFixed(4)} (${p95_ms.toFixed(1)} ms)`.padEnd(24),
      )
      .join('');
  const head = `${name}, built in ${build_seconds.toFixed(0)} s`;
  return `${head}\n  texts   ${cells(text)}\n  images  ${cells(image)}\n`;
}
