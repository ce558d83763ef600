import { chunks } from './chunks.ts';
import { type Async, abortFailure, type Failure, type FailureCode } from './failure.ts';
import { createGate } from './gate.ts';
import { imageIdAt } from './image-metadata.ts';
import { withBoundedReads, withBoundedRequests } from './bounded-requests.ts';
import { mapBounded } from './in-parallel.ts';
import { bringPage } from './index-page.ts';
import type { Ask } from './index-survey.ts';
import { failedOutcome, type IndexWork, requestsAtOnce } from './index-work.ts';
import type { ImageRecord } from './model.ts';
import { isOwnKey } from './own-keys.ts';
import type { ObjectInfo, ObjectReader, ObjectStore } from './object-store.ts';
import type { Encoder, PictureReader, VectorStore } from './ports.ts';
import { createOwnFiles } from './rejects.ts';
import { err, ok } from './result.ts';

/** What became of one file. */
export interface Outcome {
  readonly id: string;
  readonly path: string;
  readonly outcome: 'indexed' | 'skipped' | 'failed' | 'removed';
  /** Of what failed: whether to try again is in `failures`. */
  readonly code?: FailureCode;
  /** Why it failed, one sentence. */
  readonly reason?: string;
}

export interface IndexerParts {
  readonly objects: ObjectReader;
  readonly encoder: Encoder;
  readonly store: VectorStore;
  /** Says what files are, and makes thumbnails. Left out: neither is kept. */
  readonly pictures?: PictureReader | undefined;
  /** Where thumbnails and rejects are kept. Left out: nowhere. */
  readonly own?: ObjectStore | undefined;
  /** Sets the category of every picture; by default it is the first folder of the path. */
  readonly category?: string | undefined;
  /** Whether it is kept where a picture was taken. By default it is not. */
  readonly place?: boolean | undefined;
}

export interface IndexerLimits {
  /** Pictures that are encoded together (64). */
  readonly batchSize?: number | undefined;
  /** Batches that are read and encoded at a time (3): while one is encoded, others are read. */
  readonly batchesUnderWay?: number | undefined;
  /** Bytes of files in memory, those of all batches under way (64 MiB). A larger file is alone. */
  readonly fileBytes?: number | undefined;
}

export interface LookOptions {
  /**
   * Writes all again, also where record, thumbnail and reject are there as they should be. For a key
   * whose look was not finished before: that may have put the thumbnail of an older state in the place
   * of that of a newer one, which nothing tells.
   */
  readonly redo?: boolean | undefined;
}

/** Brings the index up to the state of the files it is asked to look at. */
export interface Indexer {
  /**
   * Looks at these keys: what is there is indexed, what is gone is removed. One outcome for each
   * distinct key, in order of first appearance; our own files and folders are skipped. What can't be
   * done for one key fails alone, with its code; a failure of the encoder or the store fails the call.
   */
  look(keys: readonly string[], signal?: AbortSignal, options?: LookOptions): Async<Outcome[]>;
  /**
   * The same for files as they were listed: one whose record is of the listed version is skipped
   * without a look at it.
   */
  index(infos: readonly ObjectInfo[], signal?: AbortSignal): Async<Outcome[]>;
  /** Removes those of these records that came from here and whose file is gone. */
  prune(records: readonly ImageRecord[], signal?: AbortSignal): Async<Outcome[]>;
}

const requestsInAll = 48;
const defaults = { batchSize: 64, batchesUnderWay: 3, fileBytes: 64 * 2 ** 20 } as const;

export function createIndexer(parts: IndexerParts & IndexerLimits): Indexer {
  const work = toWork(parts);
  // One page is looked at and one is written, while others are read and encoded.
  const pagesAtOnce = (parts.batchesUnderWay ?? defaults.batchesUnderWay) + 2;

  async function bring(asks: readonly Ask[], signal?: AbortSignal): Async<Outcome[]> {
    const distinct = [...new Map(asks.map((ask) => [ask.key, ask])).values()];
    return bringAll(work, distinct, pagesAtOnce, signal);
  }

  return {
    look: (keys, signal, { redo } = {}) =>
      bring(
        keys.map((key) => ({ key, redo })),
        signal,
      ),
    index: (infos, signal) =>
      bring(
        infos.map((listed) => ({ key: listed.key, listed })),
        signal,
      ),
    async prune(records, signal) {
      const { objects } = work;
      const here = records.filter(({ origin }) => origin.root === objects.root);
      const heads = await mapBounded(here, requestsAtOnce, async ({ id, origin: { key } }) => {
        return { id, key, head: await objects.head(key, signal) };
      });
      if (signal?.aborted) return err(abortFailure(signal));
      const failed = heads.flatMap(({ id, key, head }) =>
        head.ok ? [] : [failedOutcome(id, key, head.error)],
      );
      const gone = heads.filter(({ head }) => head.ok && head.value === undefined);
      const removed = await bring(gone, signal);
      if (!removed.ok) return removed;
      return ok([...failed, ...removed.value.filter(({ outcome }) => outcome !== 'skipped')]);
    },
  };
}

function toWork(parts: IndexerParts & IndexerLimits): IndexWork {
  const { category, place } = parts;
  // The requests of all batches together: sockets are few, and waiting for one counts as slowness.
  const requests = createGate({ capacity: requestsInAll });
  const objects = withBoundedReads(parts.objects, requests);
  const own = parts.own && withBoundedRequests(parts.own, requests);
  const fileBytes = parts.fileBytes ?? defaults.fileBytes;
  const underWay = parts.batchesUnderWay ?? defaults.batchesUnderWay;
  return {
    ...parts,
    objects,
    files: own && createOwnFiles(own),
    metadata: { root: objects.root, category, place },
    room: createGate({ capacity: fileBytes }),
    batch: {
      maxCount: parts.batchSize ?? defaults.batchSize,
      maxWeight: Math.floor(fileBytes / underWay),
    },
  };
}

/** Page by page. Where one fails as a whole, so would the others: no further one is begun. */
async function bringAll(
  work: IndexWork,
  asks: readonly Ask[],
  pagesAtOnce: number,
  signal: AbortSignal | undefined,
): Async<Outcome[]> {
  const isPicture = ({ key }: Ask) => !isOwnKey(key) && !key.endsWith('/');
  const outcomes = new Map<string, Outcome>();
  let broken: Failure | undefined;
  await mapBounded(
    chunks(asks.filter(isPicture), work.batch.maxCount),
    pagesAtOnce,
    async (page) => {
      if (broken) return;
      const brought = await bringPage(work, page, signal);
      if (!brought.ok) broken ??= brought.error;
      else for (const outcome of brought.value) outcomes.set(outcome.path, outcome);
    },
  );
  if (broken) return err(broken);
  return ok(
    asks.map(({ key }) => {
      const id = imageIdAt(work.objects.root, key);
      return outcomes.get(key) ?? { id, path: key, outcome: 'skipped' };
    }),
  );
}
