import type { Async } from '../core/failure.ts';
import type { Effort, VectorQuery } from '../core/ports.ts';
import type { Manifest } from './embedded-files.ts';
import type { Writer } from './embedded-writer.ts';

/** How far searches look. */
export interface SearchEffort {
  /** Of a query, or of one that asks for nothing in particular. */
  of(query?: Pick<VectorQuery, 'effort' | 'filter'>): Effort;
  /** From now on, and with the collection. */
  keep(effort: Pick<Effort, 'ef' | 'oversampling'>): Async<void>;
}

export interface SearchEffortOptions {
  /** With the collection. */
  readonly kept: Manifest['effort'];
  /** Before all others, as the one who runs it has set it. */
  readonly ef: number | undefined;
  /** Up to so many vectors a search looks at every one, and with a filter up to three times as many. */
  readonly exactUpTo: number;
  readonly writer: Pick<Writer, 'count' | 'setEffort'>;
}

export function createSearchEffort(options: SearchEffortOptions): SearchEffort {
  const { ef, exactUpTo, writer } = options;
  let { kept } = options;
  // A filter makes looking at all cheaper, and walking dearer.
  const filteredUpTo = 3 * exactUpTo;
  return {
    of({ effort, filter = [] } = {}) {
      return {
        exact: effort?.exact ?? writer.count() <= (filter.length > 0 ? filteredUpTo : exactUpTo),
        ef: effort?.ef ?? ef ?? kept?.ef ?? defaultEf(writer.count(), filter.length > 0),
        oversampling: effort?.oversampling ?? kept?.oversampling ?? 2,
      };
    },
    async keep(found) {
      const { ef: candidates, oversampling } = found;
      const done = await writer.setEffort({ ef: candidates, oversampling });
      if (done.ok) kept = { ef: candidates, oversampling };
      return done;
    },
  };
}

/**
 * A larger graph takes a longer walk. A filter makes each walk longer by what it leaves out, and its
 * answers better: half as far will do. Measured: docs/benchmarks.md, "A million vectors" and "Recall".
 */
function defaultEf(count: number, isFiltered: boolean): number {
  const far = 2.5 * Math.sqrt(count) * (isFiltered ? 0.5 : 1);
  return Math.round(Math.min(Math.max(far, 256), 2_048));
}
