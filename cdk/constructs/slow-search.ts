import type { Settings } from '../settings.ts';

/**
 * From where on searches are so slow that somebody is woken, or a release is taken back. The target itself is
 * what the benchmark watches: whoever just misses it must still be able to release the repair.
 */
export function slowSearchMs({ benchmark }: Settings): number {
  return 4 * benchmark.targetP95Ms;
}
