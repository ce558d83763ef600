import { type Async, type Failure } from './failure.ts';
import { isSameState } from './image-metadata.ts';
import { mapBounded } from './in-parallel.ts';
import { type Change, type IndexWork, requestsAtOnce, type Step, toFailed } from './index-work.ts';
import { ok, type Result } from './result.ts';

/**
 * Writes changes, then looks at their files again: of two runs that race over one key, whoever writes
 * last has looked last, and goes on until it has written what the file is. So what has changed
 * meanwhile is to be looked at again. What concerns one picture alone fails alone; fails as a whole
 * as the store does.
 */
export async function writeChanges(
  work: IndexWork,
  changes: readonly Change[],
  signal?: AbortSignal,
): Async<Step[]> {
  const writing = { work, failed: new Map<string, Failure>(), signal };
  await removeFiles(writing, changes);
  await putFiles(writing, changes, 'thumbnail');
  const stored = await store(writing, changes);
  if (!stored.ok) return stored;
  await putFiles(writing, changes, 'reject');
  return ok(
    await mapBounded(changes, requestsAtOnce, (change) =>
      verify(work, change, writing.failed.get(change.id), signal),
    ),
  );
}

interface Writing {
  readonly work: IndexWork;
  /** What went wrong with the files of these pictures. */
  readonly failed: Map<string, Failure>;
  readonly signal: AbortSignal | undefined;
}

/** First, so that a thumbnail is gone before its picture is. */
async function removeFiles(writing: Writing, changes: readonly Change[]): Promise<void> {
  const { work, failed, signal } = writing;
  const thumbnails = changes.filter(({ removes }) => removes.includes('thumbnail'));
  const rejects = changes.filter(({ removes }) => removes.includes('reject'));
  const removed = await work.files?.remove(
    { thumbnails: thumbnails.map(({ id }) => id), rejects: rejects.map(({ id }) => id) },
    signal,
  );
  if (removed?.ok !== false) return;
  for (const { id } of [...thumbnails, ...rejects]) failed.set(id, removed.error);
}

async function putFiles(
  { work: { files }, failed, signal }: Writing,
  changes: readonly Change[],
  kind: 'thumbnail' | 'reject',
): Promise<void> {
  if (!files) return;
  const some = changes.filter((change) => change[kind] !== undefined && !failed.has(change.id));
  await mapBounded(some, requestsAtOnce, async ({ id, key, seen, thumbnail, reject }) => {
    const put = async (): Async<void> => {
      if (kind === 'thumbnail' && thumbnail) return files.putThumbnail(id, thumbnail, signal);
      if (!reject || !seen) return ok(undefined);
      const { code, detail } = reject;
      return files.putReject(id, { key, version: seen.version, code, detail }, signal);
    };
    const done = await put();
    if (!done.ok) failed.set(id, done.error);
  });
}

/** A picture without its thumbnail must not be found; one that is gone goes whatever else fails. */
async function store({ work, failed, signal }: Writing, changes: readonly Change[]): Async<void> {
  const gone = changes.filter(({ removes }) => removes.includes('point')).map(({ id }) => id);
  const removed: Result<void, Failure> =
    gone.length > 0 ? await work.store.remove(gone, signal) : ok(undefined);
  if (!removed.ok) return removed;
  const points = changes.flatMap(({ id, point }) => (point && !failed.has(id) ? [point] : []));
  return points.length > 0 ? work.store.upsert(points, signal) : ok(undefined);
}

async function verify(
  { objects }: IndexWork,
  { id, key, seen, outcome }: Change,
  failed: Failure | undefined,
  signal: AbortSignal | undefined,
): Promise<Step> {
  if (failed) return toFailed(id, key, failed);
  const now = await objects.head(key, signal);
  if (!now.ok) return toFailed(id, key, now.error);
  return isSameState(seen, now.value) ? { kind: 'done', outcome } : { kind: 'again', key };
}
