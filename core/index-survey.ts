import { type Async, type Failure, failure } from './failure.ts';
import { imageLimits } from './image-limits.ts';
import { imageIdAt, mayDiffer, metadataNow } from './image-metadata.ts';
import { mapBounded } from './in-parallel.ts';
import {
  type Change,
  type IndexWork,
  requestsAtOnce,
  type Step,
  type Task,
  toDone,
  toFailed,
  toRejection,
} from './index-work.ts';
import type { ImageId, ImageMetadata, ImageRecord } from './model.ts';
import type { ObjectInfo } from './object-store.ts';
import { err, ok } from './result.ts';

/** A key to be looked at. */
export interface Ask {
  readonly key: string;
  /** What a listing says of it: enough to tell that it has not changed. Left out: it is looked at. */
  readonly listed?: ObjectInfo | undefined;
  /** Whether all is written again, also where the record is as it should be. */
  readonly redo?: boolean | undefined;
}

/** What is to be done about one key. */
export type Plan =
  | Step
  | { readonly kind: 'make'; readonly task: Task }
  /** The bytes are as they were, and other things are said of them. */
  | { readonly kind: 'describe'; readonly task: Task; readonly metadata: ImageMetadata };

interface Look {
  readonly work: IndexWork;
  readonly id: string;
  readonly key: string;
  readonly known: ImageRecord | undefined;
  /** Whether a record that is as it should be proves that all else is: thumbnail and reject. */
  readonly trusting: boolean;
  readonly redo: boolean;
  readonly hasReject: (id: ImageId) => Async<boolean>;
  readonly signal: AbortSignal | undefined;
}

/** Compares the files of these keys with the index, in their order. Fails as the store does. */
export async function survey(
  work: IndexWork,
  asks: readonly Ask[],
  signal?: AbortSignal,
): Async<Plan[]> {
  const { objects, store } = work;
  const ids = asks.map(({ key }) => imageIdAt(objects.root, key));
  const known = await store.get(ids, signal);
  if (!known.ok) return known;
  const records = new Map(known.value.map((record) => [record.id, record]));
  const hasReject = createRejectLook(work, asks.length, signal);
  const plans = await mapBounded([...asks.entries()], requestsAtOnce, async ([index, ask]) => {
    const { key, listed, redo = false } = ask;
    const id = ids[index] ?? '';
    const trusting = listed !== undefined;
    const look = { work, id, key, known: records.get(id), trusting, redo, hasReject, signal };
    const info = listed ? ok(listed) : await objects.head(key, signal);
    const plan = info.ok ? await planFor(look, info.value) : info;
    return plan.ok ? plan.value : toFailed(id, key, plan.error);
  });
  return ok(plans);
}

async function planFor(look: Look, info: ObjectInfo | undefined): Async<Plan> {
  const { work, id, key, known, redo } = look;
  const here = known?.origin.root === work.objects.root;
  if (info === undefined) return ok(planGone(look, here));
  const sameVersion = known?.origin.version === info.version;
  // The same state below another root is a folder that moved; another state is another picture.
  if (known && !here && !sameVersion) return err(keyTaken(known, key));
  if (known && here && sameVersion && !redo) return planSame(look, known, info);
  if (info.bytes > imageLimits.bytes) return ok(toRejection({ id, info, known }, tooLarge(info)));
  const rejected = await look.hasReject(id);
  if (!rejected.ok) return rejected;
  return ok({ kind: 'make', task: { id, info, known, rejected: rejected.value } });
}

/** Thumbnail and reject are removed unseen, as they may be what a killed run left behind. */
function planGone({ work, id, key, known }: Look, here: boolean): Step {
  const elsewhere = known !== undefined && !here;
  if (elsewhere || (!known && !work.files)) return toDone(id, key, 'skipped');
  const removes: Change['removes'] = known
    ? ['point', 'thumbnail', 'reject']
    : ['thumbnail', 'reject'];
  const outcome = { id, path: key, outcome: known ? 'removed' : 'skipped' } as const;
  return { kind: 'change', change: { id, key, seen: undefined, removes, outcome } };
}

async function planSame(look: Look, known: ImageRecord, info: ObjectInfo): Async<Plan> {
  const { work, id, key, trusting, signal } = look;
  if (trusting && mayDiffer(known, info, work.metadata)) {
    const head = await work.objects.head(key, signal);
    return head.ok ? planFor({ ...look, trusting: false }, head.value) : head;
  }
  const files = trusting ? ok(allThere) : await lookAtFiles(look);
  if (!files.ok) return files;
  const { thumbnail, rejected } = files.value;
  const task = { id, info, known, rejected };
  if (!thumbnail) return ok({ kind: 'make', task });
  const metadata = metadataNow(known, info, work.metadata);
  if (metadata) return ok({ kind: 'describe', task, metadata });
  if (!rejected) return ok(toDone(id, key, 'skipped'));
  const outcome = { id, path: key, outcome: 'skipped' } as const;
  return ok({ kind: 'change', change: { id, key, seen: info, removes: ['reject'], outcome } });
}

const allThere = { thumbnail: true, rejected: false };

async function lookAtFiles({ work, id, hasReject, signal }: Look): Async<typeof allThere> {
  const { files, pictures } = work;
  const [thumbnail, rejected] = await Promise.all([
    files && pictures ? files.has('thumbnail', id, signal) : ok(true),
    hasReject(id),
  ]);
  if (!thumbnail.ok) return thumbnail;
  if (!rejected.ok) return rejected;
  return ok({ thumbnail: thumbnail.value, rejected: rejected.value });
}

/** Whether pictures of one survey have a reject: all are listed once, as there are few in most buckets. */
function createRejectLook(
  { files }: IndexWork,
  count: number,
  signal: AbortSignal | undefined,
): Look['hasReject'] {
  if (!files) return async () => ok(false);
  let listing: ReturnType<typeof files.listRejects> | undefined;
  return async (id) => {
    if (count === 1) return files.has('reject', id, signal);
    listing ??= files.listRejects(signal);
    const listed = await listing;
    if (!listed.ok) return listed;
    return listed.value ? ok(listed.value.has(id)) : files.has('reject', id, signal);
  };
}

function tooLarge({ bytes }: ObjectInfo): Failure {
  const detail = `Cannot index the picture as its file has more than ${imageLimits.bytes} bytes: ${bytes}`;
  return failure('image_too_large', detail);
}

function keyTaken(known: ImageRecord, key: string): Failure {
  const detail = `Cannot index the picture as the indexed folder ${known.origin.root} holds another of the same path (index the folder above both, or remove that one with --remove): ${key}`;
  return failure('image_key_taken', detail);
}
