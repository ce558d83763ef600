/**
 * 0 asks for everything: cosines of unrelated pictures may be below it. `auto` is none that a store
 * could know.
 */
export function thresholdOf(scoreThreshold: number | 'auto'): number | undefined {
  return scoreThreshold === 'auto' ? undefined : scoreThreshold || undefined;
}
