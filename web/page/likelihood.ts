const steps = [
  [0.9, 'Very likely'],
  [0.65, 'Likely'],
  [0.35, 'Possible'],
  [0, 'Unlikely'],
] as const;

/** How sure it is that a picture shows what was asked for, in words. @param confidence 0 to 1 */
export function likelihood(confidence: number): string {
  return steps.find(([least]) => confidence >= least)?.[1] ?? 'Unlikely';
}

/** Never a certainty, in either direction. */
export function percent(confidence: number): string {
  return `${Math.min(99, Math.max(1, Math.round(confidence * 100)))} %`;
}
