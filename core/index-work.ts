import { type Failure, failure, type FailureCode } from './failure.ts';
import type { Gate } from './gate.ts';
import type { MetadataOptions } from './image-metadata.ts';
import type { IndexerParts, Outcome } from './indexer.ts';
import type { ImageId, ImageRecord } from './model.ts';
import type { ObjectInfo } from './object-store.ts';
import type { Point } from './ports.ts';
import type { OwnFiles } from './rejects.ts';

/** What the parts of an indexer share. */
export interface IndexWork extends Omit<IndexerParts, 'own'> {
  /** Thumbnails and rejects; left out where none are kept. */
  readonly files: OwnFiles | undefined;
  readonly metadata: MetadataOptions;
  /** Weighs the bytes of files in memory. */
  readonly room: Gate;
  /** Pictures of one batch, and bytes of their files. */
  readonly batch: { readonly maxCount: number; readonly maxWeight: number };
}

/** Requests to the bucket, or reads of the disk, that are under way at a time for one batch. */
export const requestsAtOnce = 16;

/** A picture that has to be read and encoded. */
export interface Task {
  readonly id: ImageId;
  readonly info: ObjectInfo;
  readonly known: ImageRecord | undefined;
  /** Whether a reject of it is there, as it was bad before. */
  readonly rejected: boolean;
}

/** What is to be written on account of one key: all of it each time, whatever others write. */
export interface Change {
  readonly id: ImageId;
  readonly key: string;
  /** The state of the file that this follows from; `undefined`: it is gone. */
  readonly seen: ObjectInfo | undefined;
  readonly point?: Point;
  readonly thumbnail?: Uint8Array;
  readonly reject?: Failure;
  readonly removes: readonly ('point' | 'thumbnail' | 'reject')[];
  /** What became of the file, when this is written and it has not changed meanwhile. */
  readonly outcome: Outcome;
}

/** What is known of one key: what became of it, what is to be written, or that it must be looked at again. */
export type Step =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'again'; readonly key: string };

export function toDone(id: ImageId, path: string, outcome: 'skipped' | 'removed'): Step {
  return { kind: 'done', outcome: { id, path, outcome } };
}

export function toFailed(id: ImageId, path: string, { code, detail }: Failure): Step {
  return { kind: 'done', outcome: failedOutcome(id, path, { code, detail }) };
}

export function failedOutcome(
  id: ImageId,
  path: string,
  { code, detail }: Pick<Failure, 'code' | 'detail'>,
): Outcome {
  return { id, path, outcome: 'failed', code, reason: detail };
}

const permanent: ReadonlySet<FailureCode> = new Set([
  'not_an_image',
  'image_empty',
  'image_corrupt',
  'image_too_large',
]);

/**
 * What follows from a failure that is about the picture. One that says it can never be indexed makes
 * it a reject, and it is no longer found as it was; any other leaves all as it is.
 */
export function toRejection({ id, info, known }: Omit<Task, 'rejected'>, why: Failure): Step {
  const { key } = info;
  if (!permanent.has(why.code)) return toFailed(id, key, why);
  const removes: Change['removes'] = known ? ['point', 'thumbnail'] : ['thumbnail'];
  const outcome = failedOutcome(id, key, why);
  return { kind: 'change', change: { id, key, seen: info, reject: why, removes, outcome } };
}

export function changing(key: string): Failure {
  const detail = `Cannot index the picture as it is changed again and again while it is read: ${key}`;
  return failure('image_changing', detail);
}
