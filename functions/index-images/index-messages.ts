import { chunks } from '../../core/chunks.ts';
import type { Async } from '../../core/failure.ts';
import { mapBounded } from '../../core/in-parallel.ts';
import type { Indexer, Outcome } from '../../core/indexer.ts';
import type { Clock } from '../../core/timings.ts';
import type { BatchContext } from '../batch.ts';
import type { BatchMessage } from '../batch-event.ts';
import type { ShowChanges } from './show-changes.ts';
import { type Looked, readWishes, type Wishes } from './wishes.ts';

export interface IndexMessagesParts {
  readonly look: Indexer['look'];
  /** The one whose pictures are indexed. */
  readonly bucket: string;
  /** With the last receive a message dies, if it fails. */
  readonly maxReceives: number;
  readonly showChanges: ShowChanges;
  readonly now: Clock;
  /** Keys that are looked at in one call. */
  readonly chunkSize: number;
  /** Calls under way at the same time, so that one reads while another encodes. */
  readonly atOnce: number;
}

const shortestMs = 1000;
/** After so many pictures that fail in a row, each alone, none is looked at alone any more. */
const failuresOfOutage = 3;

/**
 * Looks at every key that the messages of a batch name, once, and settles a message when all of its
 * keys are indexed, unchanged, removed or rejected for good.
 */
export function createIndexMessages(parts: IndexMessagesParts) {
  const { bucket, maxReceives, chunkSize, atOnce } = parts;
  const { lookOnce, hasTime } = createLook(parts);

  return async function indexMessages(
    messages: readonly BatchMessage[],
    context: BatchContext,
    onOutcomes: (outcomes: readonly Outcome[]) => void,
  ): Promise<void> {
    const wishes = readWishes(messages, bucket, context.settle);
    const run: Run = { wishes, context, onOutcomes, msPerKey: 0 };

    /** Before any of them dies for another one's sake. */
    async function lookAlone(keys: readonly string[]): Promise<void> {
      let inARow = 0;
      for (const key of keys) {
        if (!hasTime(1, run)) return;
        const looked = await lookOnce([key], run);
        inARow = looked.ok ? 0 : inARow + 1;
        wishes.grant([key], looked);
        // The others have not failed: they are received again.
        if (inARow === failuresOfOutage) return;
      }
    }

    // Those that were received before are looked at in another way.
    const isAgain = (key: string) => wishes.receivesOf([key]) > 1;
    const parted = [wishes.keys.filter((key) => !isAgain(key)), wishes.keys.filter(isAgain)];
    const pages = parted.flatMap((keys) => chunks(keys, chunkSize));
    await mapBounded(pages, atOnce, async (keys) => {
      if (!hasTime(keys.length, run)) return;
      const looked = await lookOnce(keys, run);
      const isLast = wishes.receivesOf(keys) >= maxReceives;
      if (looked.ok || keys.length === 1 || !isLast) wishes.grant(keys, looked);
      else await lookAlone(keys);
    });
  };
}

/** What one invocation has to do with. */
interface Run {
  readonly wishes: Wishes;
  readonly context: BatchContext;
  readonly onOutcomes: (outcomes: readonly Outcome[]) => void;
  /** Of its latest call; before that nothing is known: one slow batch must not keep the next from beginning. */
  msPerKey: number;
}

function createLook({
  look,
  showChanges,
  now,
}: Pick<IndexMessagesParts, 'look' | 'showChanges' | 'now'>) {
  return {
    hasTime: (keys: number, { context, msPerKey }: Run): boolean =>
      context.remainingMs() >= Math.max(shortestMs, 1.5 * msPerKey * keys),
    /** When it answers, searches see what it has changed, or will within a second. */
    async lookOnce(keys: readonly string[], run: Run): Async<readonly Outcome[]> {
      const { wishes, context, onOutcomes } = run;
      // A function may have died half way: what it wrote is written again, and told of even where
      // nothing is left to change.
      const isAgain = wishes.receivesOf(keys) > 1;
      const startMs = now();
      const looked = await look(keys, context.signal, { redo: isAgain });
      run.msPerKey = (now() - startMs) / keys.length;
      if (looked.ok) onOutcomes(looked.value);
      await showChanges(hasChanged(looked) || isAgain, context.signal);
      return looked;
    },
  };
}

/** After a failure as a whole part of it may be done. */
function hasChanged(looked: Looked): boolean {
  return !looked.ok || looked.value.some(({ outcome }) => outcome !== 'skipped');
}
