import { type Facets, type FacetsSource } from './facets.ts';
import { createFlights } from './flights.ts';
import type { Clock } from './timings.ts';

export interface KeptFacetsOptions {
  readonly now: Clock;
  /** The state of the index, where somebody here knows it: what was counted before is counted anew. */
  readonly generation?: (() => Promise<string | undefined>) | undefined;
  readonly maxAgeMs?: number;
}

interface Kept {
  readonly facets: Facets;
  readonly generation: string | undefined;
  readonly endsAtMs: number;
}

/**
 * Counts at most once a minute and for each state of the index, once for all who ask at the same
 * time. Failures are not kept.
 */
export function withKeptFacets(source: FacetsSource, options: KeptFacetsOptions): FacetsSource {
  const { now, maxAgeMs = 60_000 } = options;
  const flights = createFlights<Facets>();
  let kept: Kept | undefined;

  return async (context) => {
    const known = await options.generation?.();
    // Whoever asks from afar may know more than this process does.
    const generation = known ?? context.generation;
    const isOfNow = kept && kept.endsAtMs > now() && kept.generation === generation;
    if (kept && isOfNow) return { ok: true, value: kept.facets };
    const work = (signal: AbortSignal) => source({ ...context, generation, signal });
    const counted = await flights.join(generation ?? '', work, context.signal);
    if (counted.ok) kept = { facets: counted.value, generation, endsAtMs: now() + maxAgeMs };
    return counted;
  };
}
