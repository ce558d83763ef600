import type { Async, Failure } from '../../core/failure.ts';
import type { Outcome } from '../../core/indexer.ts';
import type { ObjectReader, ObjectStore } from '../../core/object-store.ts';
import type { Logger, PictureReader } from '../../core/ports.ts';
import type { Clock } from '../../core/timings.ts';
import type { Engine } from '../open.ts';
import { indexBucket } from './index-bucket.ts';
import type { IndexJobSettings } from './settings.ts';
import { type Counts, createTally } from './tally.ts';

export interface IndexJobParts {
  readonly engine: Pick<Engine, 'encoder' | 'store'>;
  readonly objects: ObjectStore;
  readonly inventory?: Pick<ObjectReader, 'list'> | undefined;
  readonly pictures: PictureReader;
  /** Told what became of every picture. */
  readonly manifest: {
    readonly location: string;
    add(outcomes: readonly Outcome[]): Promise<void>;
    finish(): Async<void>;
  };
  readonly settings: IndexJobSettings;
  readonly logger: Logger;
  readonly now: Clock;
  /** Nothing new is begun after it: the machine is about to be taken away. */
  readonly stop: AbortSignal;
  /** Gives up what is under way as well. */
  readonly signal: AbortSignal;
  readonly progressMs?: number;
}

/** Files of the batches under way: a batch of 256 photographs of a phone has 700 MB. */
const fileBytes = 512 * 2 ** 20;

/** Why a picture may fail that is all right a minute later, to which nobody has to see. */
const passing = ['objects_unavailable', 'image_changing', 'overloaded', 'timeout'] as const;

/**
 * Indexes a bucket, or its part of it, and says how far it is every ten seconds. The exit code: 0 when
 * all was looked at, also where pictures of it can't be indexed, and 1 when it is to be run again.
 */
export async function runIndexJob(parts: IndexJobParts): Promise<number> {
  const { engine, settings, manifest, logger, now, progressMs = 10_000 } = parts;
  const { objects, inventory, pictures, stop, signal } = parts;
  const { bucket, inventory: listed, ...options } = settings;
  const { prefix, shard } = options;
  const tally = createTally();
  const startMs = now();
  const soFar = () => describe(tally.counts(), now() - startMs);
  logger.info({ bucket, prefix, inventory: listed, shard }, 'Indexing begins');
  const timer = setInterval(() => logger.info(soFar(), 'Indexing'), progressMs);
  const indexed = await indexBucket(engine, {
    ...options,
    objects,
    inventory,
    pictures,
    stop,
    signal,
    fileBytes,
    // Qdrant builds its graph by itself, and a machine with a GPU is too dear to wait for it.
    optimize: engine.store.kind !== 'qdrant',
    async onOutcomes(outcomes) {
      tally.add(outcomes);
      await manifest.add(outcomes);
    },
  }).finally(() => clearInterval(timer));
  const kept = await manifest.finish();
  const fields = { ...soFar(), manifest: kept.ok ? manifest.location : null };
  if (!kept.ok) logFailure(logger, kept.error, {});
  if (indexed.ok) {
    const { reasons } = tally.counts();
    const again = passing.some((code) => reasons[code] !== undefined);
    logger.info(fields, again ? 'Indexing is done but for some: run it again' : 'Indexing is done');
    return kept.ok && !again ? 0 : 1;
  }
  if (stop.aborted) logger.warn(fields, 'Indexing was stopped: the next run goes on from here');
  else logFailure(logger, indexed.error, fields);
  return 1;
}

function describe(counts: Counts, elapsedMs: number): Readonly<Record<string, unknown>> {
  const seconds = elapsedMs / 1000;
  const perSecond = seconds === 0 ? 0 : Math.round((counts.done / seconds) * 10) / 10;
  return { ...counts, perSecond, seconds: Math.round(seconds) };
}

function logFailure(logger: Logger, { code, detail, cause }: Failure, fields: object): void {
  logger.error({ ...fields, code, err: cause }, detail);
}
