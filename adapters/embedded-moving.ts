import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import { ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { serializeSearchSpace } from '../core/search-space.ts';
import type { Engine } from './embedded-engine.ts';
import { type LookAt, scanPoints } from './embedded-records.ts';

/** Makes a space of some of a collection's vectors; `undefined` when it can't or there is no need. */
export interface SpaceMaker {
  make(images: readonly Vector[]): Async<SearchSpace | undefined>;
}

/** Enough for the mean and the main directions. */
const sampleSize = 5_000;

/** Moves a collection that grows into a space made of its own vectors. */
export async function moveToOwnSpace(
  engine: Engine,
  lookAt: LookAt,
  count: number,
  maker: SpaceMaker,
): Async<SearchSpace | undefined> {
  const images: Vector[] = [];
  for await (const page of scanPoints(lookAt, count)) {
    if (!page.ok) return page;
    // A page is chance: so is a number of them.
    images.push(...page.value.map(({ vector }) => vector));
    if (images.length >= sampleSize) break;
  }
  const made = await maker.make(images.slice(0, sampleSize));
  if (!made.ok || made.value === undefined) return made;
  const moved = await engine.moveTo(serializeSearchSpace(made.value));
  return moved.ok ? ok(made.value) : moved;
}
