import { type Async, type Failure, failure, failures } from './failure.ts';
import { imageLimits } from './image-limits.ts';
import { imageId } from './image-id.ts';
import type { ImageRecord } from './model.ts';
import type {
  EncodedImage,
  Encoder,
  ObjectInfo,
  ObjectReader,
  Point,
  StoredObject,
  VectorStore,
} from './ports.ts';
import { err, ok, type Result } from './result.ts';

/** What became of one file. */
export interface Outcome {
  readonly id: string;
  readonly path: string;
  readonly outcome: 'indexed' | 'skipped' | 'failed' | 'removed';
  /** Why it failed, one sentence. */
  readonly reason?: string;
}

export interface IndexerParts {
  readonly objects: ObjectReader;
  readonly encoder: Encoder;
  readonly store: VectorStore;
  /** Sets the category of every picture; by default it is the first folder of the path. */
  readonly category?: string | undefined;
}

/** Brings the index up to the state of the files it is asked to look at. */
export interface Indexer {
  /**
   * Looks at these files: indexes new and changed ones, skips the others. One that can't be
   * indexed fails alone; a failure of the encoder or the store fails the call.
   */
  index(infos: readonly ObjectInfo[], signal?: AbortSignal): Async<Outcome[]>;
  /** Removes those of these records that came from here and whose file is gone. */
  prune(records: readonly ImageRecord[], signal?: AbortSignal): Async<Outcome[]>;
}

export function createIndexer(parts: IndexerParts): Indexer {
  return {
    async index(infos, signal) {
      const known = await parts.store.get(infos.map(({ key }) => imageIdOf(parts.objects, key)));
      if (!known.ok) return known;
      const records = new Map(known.value.map((record) => [record.id, record]));
      const candidates = infos.map((info) => toCandidate(parts, info, records));
      const fresh = candidates.filter(({ outcome }) => outcome === undefined);
      const encoded = await encodeCandidates(parts, fresh, signal);
      if (!encoded.ok) return encoded;
      const stored = await storeEncoded(parts, encoded.value);
      if (!stored.ok) return stored;
      const outcomes = encoded.value.map(toOutcome).values();
      return ok(candidates.map(({ outcome }) => outcome ?? mustGet(outcomes.next().value)));
    },
    async prune(records, signal) {
      const gone: ImageRecord[] = [];
      for (const record of records) {
        if (record.origin.root !== parts.objects.root) continue;
        const head = await parts.objects.head(record.origin.key, signal);
        if (!head.ok) return head;
        if (head.value === undefined) gone.push(record);
      }
      const removed = await parts.store.remove(gone.map(({ id }) => id));
      if (!removed.ok) return removed;
      return ok(
        gone.map(({ id, origin }) => ({ id, path: origin.key, outcome: 'removed' as const })),
      );
    },
  };
}

interface Candidate {
  readonly id: string;
  readonly info: ObjectInfo;
  readonly category: string | null;
  readonly known: ImageRecord | undefined;
  /** Set when there is nothing left to do. */
  readonly outcome?: Outcome;
}

interface Encoded {
  readonly candidate: Candidate;
  readonly point: Result<Point, Failure>;
}

function toCandidate(
  { objects, category }: IndexerParts,
  info: ObjectInfo,
  records: ReadonlyMap<string, ImageRecord>,
): Candidate {
  const id = imageIdOf(objects, info.key);
  const known = records.get(id);
  const candidate = { id, info, known, category: category ?? categoryOf(info.key) };
  const path = info.key;
  const sameVersion = known?.origin.version === info.version;
  const sameRoot = known?.origin.root === objects.root;
  // The same state below another root is a folder that moved; another state is another picture.
  if (known !== undefined && !sameRoot && !sameVersion) {
    const { detail } = keyTaken(known, info.key);
    return { ...candidate, outcome: { id, path, outcome: 'failed', reason: detail } };
  }
  const unchanged = sameRoot && sameVersion && known.metadata.category === candidate.category;
  return unchanged ? { ...candidate, outcome: { id, path, outcome: 'skipped' } } : candidate;
}

async function encodeCandidates(
  parts: IndexerParts,
  candidates: readonly Candidate[],
  signal?: AbortSignal,
): Async<Encoded[]> {
  const files = await Promise.all(candidates.map(({ info }) => readImage(parts, info, signal)));
  const images = await parts.encoder.encodeImages(
    files.flatMap((file) => (file.ok ? [file.value.bytes] : [])),
    signal,
  );
  if (!images.ok) return images;
  const next = images.value.values();
  return ok(
    candidates.map((candidate, index): Encoded => {
      const file = mustGet(files[index]);
      if (!file.ok) return { candidate, point: file };
      const image = mustGet(next.next().value);
      return { candidate, point: image.ok ? ok(toPoint(parts, candidate, image.value)) : image };
    }),
  );
}

async function readImage(
  { objects }: IndexerParts,
  { key, bytes }: ObjectInfo,
  signal?: AbortSignal,
): Async<StoredObject> {
  if (bytes > imageLimits.bytes) {
    const detail = `Cannot index the picture as its file has more than ${imageLimits.bytes} bytes: ${bytes}`;
    return err(failure('image_too_large', detail));
  }
  return objects.get(key, signal);
}

/** New states go in; a picture whose new state can never be indexed must not be found as it was. */
async function storeEncoded({ store }: IndexerParts, encoded: readonly Encoded[]): Async<void> {
  const points = encoded.flatMap(({ point }) => (point.ok ? [point.value] : []));
  const upserted = points.length === 0 ? ok(undefined) : await store.upsert(points);
  if (!upserted.ok) return upserted;
  const spoilt = encoded.filter(
    ({ candidate, point }) =>
      candidate.known !== undefined && !point.ok && !failures[point.error.code].retry,
  );
  return spoilt.length === 0 ? ok(undefined) : store.remove(spoilt.map((one) => one.candidate.id));
}

function toPoint(
  { objects: { root } }: IndexerParts,
  { id, info: { key, version }, category }: Candidate,
  { vector, width, height }: EncodedImage,
): Point {
  const metadata = {
    file_path: key,
    file_name: key.slice(key.lastIndexOf('/') + 1),
    s3_key: root.startsWith('s3://') ? `${root}/${key}` : null,
    category,
    width,
    height,
  };
  return { record: { id, metadata, origin: { root, key, version } }, vector };
}

function toOutcome({ candidate: { id, info }, point }: Encoded): Outcome {
  const path = info.key;
  if (point.ok) return { id, path, outcome: 'indexed' };
  return { id, path, outcome: 'failed', reason: point.error.detail };
}

function imageIdOf({ root }: ObjectReader, key: string): string {
  return imageId(root.startsWith('s3://') ? `${root}/${key}` : key);
}

function categoryOf(key: string): string | null {
  const slash = key.indexOf('/');
  return slash === -1 ? null : key.slice(0, slash);
}

function keyTaken(known: ImageRecord, key: string): Failure {
  const detail = `Cannot index the picture as the indexed folder ${known.origin.root} holds another of the same path (index the folder above both, or remove that one with --remove): ${key}`;
  return failure('image_key_taken', detail);
}

function mustGet<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('There are fewer results than images');
  return value;
}
