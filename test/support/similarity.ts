import type { Vector } from '../../core/model.ts';
import { cosine } from './points.ts';

/** Cosine of two vectors that ought to be there: NaN, which no test wants, when one is not. */
export function similarity(a: Vector | undefined, b: Vector | undefined): number {
  return a && b && a.length === b.length ? cosine(a, b) : Number.NaN;
}
