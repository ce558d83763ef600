import { inBatches } from './batches.ts';
import { type Async, type Failure, failure } from './failure.ts';
import { imageLimits } from './image-limits.ts';
import { inOrder } from './in-parallel.ts';
import type { ImageRecord, Vector } from './model.ts';
import type { ObjectReader, StoredObject } from './object-store.ts';
import type { Encoder, Point, VectorStore } from './ports.ts';
import { err, ok, type Result } from './result.ts';

/** A record that a new collection is to have, with its vector where that is known already. */
export interface Draft {
  readonly record: ImageRecord;
  readonly vector?: Vector;
}

/** A record that the new collection cannot have. */
export interface LeftOut {
  readonly record: ImageRecord;
  readonly failure: Failure;
}

export interface Made {
  readonly points: readonly Point[];
  readonly leftOut: readonly LeftOut[];
}

/** Where the points of a new collection come from. */
export interface PointSource {
  /** Everything that the old collection has. */
  drafts(
    store: Pick<VectorStore, 'scan' | 'scanPoints'>,
    signal?: AbortSignal,
  ): AsyncIterable<Result<readonly Draft[], Failure>>;
  /** A draft fails alone; what concerns all fails the call. */
  make(drafts: readonly Draft[], signal?: AbortSignal): Async<Made>;
}

/** The vectors as they are: for a new search space or new settings of the graph. */
export function createVectorSource(): PointSource {
  return {
    drafts: (store, signal) => store.scanPoints(signal),
    make: async (drafts) =>
      ok({
        points: drafts.flatMap(({ record, vector }) => (vector ? [{ record, vector }] : [])),
        leftOut: [],
      }),
  };
}

interface PictureSourceParts {
  readonly encoder: Pick<Encoder, 'encodeImages'>;
  /** Where the pictures of a root are; fails when that as a whole can't be read. */
  readonly objectsOf: (root: string) => Async<ObjectReader>;
  /** Pictures that are encoded at once. */
  readonly batchSize: number;
}

/** Files of one batch are in memory at once, and two batches are under way. */
const maxBatchBytes = 64 * 1024 * 1024;

/**
 * The pictures themselves, encoded anew. A record keeps its version though the file may have another
 * by now: so the next `npm run index` sees that it has changed.
 */
export function createPictureSource(parts: PictureSourceParts): PointSource {
  return {
    async *drafts(store, signal) {
      for await (const page of store.scan(signal)) {
        yield page.ok ? ok(page.value.map((record) => ({ record }))) : page;
      }
    },
    async make(drafts, signal) {
      const points: Point[] = [];
      const leftOut: LeftOut[] = [];
      let running: Async<readonly Result<Point, LeftOut>[]> = Promise.resolve(ok([]));
      const limits = { maxCount: parts.batchSize, maxWeight: maxBatchBytes };
      const add = async (batch: Awaited<typeof running>): Async<void> => {
        if (!batch.ok) return batch;
        for (const made of batch.value) {
          if (made.ok) points.push(made.value);
          else leftOut.push(made.error);
        }
        return ok(undefined);
      };
      // The next batch is read and decoded while the one before is encoded.
      for await (const batch of inBatches(
        look(parts, drafts, signal),
        limits,
        ({ bytes }) => bytes,
      )) {
        const next = encodeBatch(parts, batch, signal);
        const added = await add(await running);
        running = next;
        if (!added.ok) return next.then(() => added);
      }
      const added = await add(await running);
      return added.ok ? ok({ points, leftOut }) : added;
    },
  };
}

/** A picture's file before it is read. */
interface Looked {
  readonly record: ImageRecord;
  readonly bytes: number;
  /** Of the picture, or of its root as a whole. */
  readonly file: Result<() => Async<StoredObject>, Failure>;
  readonly fatal: boolean;
}

/** A bucket takes its time to answer, and many questions at a time. */
const looksAtOnce = 16;

function look(
  parts: PictureSourceParts,
  drafts: readonly Draft[],
  signal?: AbortSignal,
): AsyncIterable<Looked> {
  return inOrder(drafts, looksAtOnce, ({ record }) => lookAt(parts, record, signal));
}

async function lookAt(
  { objectsOf }: PictureSourceParts,
  record: ImageRecord,
  signal?: AbortSignal,
): Promise<Looked> {
  const { root, key } = record.origin;
  const objects = await objectsOf(root);
  if (!objects.ok) return { record, bytes: 0, file: objects, fatal: true };
  const info = await objects.value.head(key, signal);
  const bytes = info.ok ? (info.value?.bytes ?? 0) : 0;
  const wrong = !info.ok ? info.error : refusal(key, info.value?.bytes);
  const file = wrong ? err(wrong) : ok(() => objects.value.get(key, signal));
  const fatal = wrong !== undefined && concernsAll(wrong);
  return { record, bytes: Math.min(bytes, maxBatchBytes), file, fatal };
}

/** A bucket that does not answer is no reason to leave its pictures out. */
function concernsAll({ code }: Failure): boolean {
  return code === 'objects_unavailable' || code === 'cancelled';
}

function refusal(key: string, bytes: number | undefined): Failure | undefined {
  if (bytes === undefined) {
    return failure('not_found', `Cannot read the file as it does not exist: ${key}`);
  }
  if (bytes <= imageLimits.bytes) return undefined;
  return failure(
    'image_too_large',
    `Cannot encode the picture as its file has more than ${imageLimits.bytes} bytes: ${bytes}`,
  );
}

async function encodeBatch(
  { encoder }: PictureSourceParts,
  batch: readonly Looked[],
  signal?: AbortSignal,
): Async<Result<Point, LeftOut>[]> {
  const lost = batch.find(({ fatal }) => fatal);
  if (lost && !lost.file.ok) return lost.file;
  const files = await Promise.all(
    batch.map(({ file }) => (file.ok ? file.value() : Promise.resolve(file))),
  );
  const failed = files.find((file) => !file.ok && concernsAll(file.error));
  if (failed && !failed.ok) return failed;
  const readable = files.flatMap((file) => (file.ok ? [file.value.bytes] : []));
  const encoded = readable.length === 0 ? ok([]) : await encoder.encodeImages(readable, signal);
  if (!encoded.ok) return encoded;
  const images = encoded.value.values();
  return ok(
    batch.map(({ record }, index): Result<Point, LeftOut> => {
      const file = files[index];
      if (file && !file.ok) return err({ record, failure: file.error });
      const image = images.next().value;
      if (image === undefined) throw new Error('There are fewer results than images');
      if (!image.ok) return err({ record, failure: image.error });
      return ok({ record, vector: image.value.vector });
    }),
  );
}
