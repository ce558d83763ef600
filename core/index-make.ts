import { hash } from 'node:crypto';
import type { Async, Failure } from './failure.ts';
import { toMetadata } from './image-metadata.ts';
import { mapBounded } from './in-parallel.ts';
import {
  type IndexWork,
  requestsAtOnce,
  type Step,
  type Task,
  toFailed,
  toRejection,
} from './index-work.ts';
import type { EncodedImage, PictureFacts } from './ports.ts';
import { ok } from './result.ts';

/** Pictures of a batch that are made small at a time, each of them decoded in memory. */
const thumbnailsAtOnce = 4;

/**
 * Reads and encodes pictures. A thumbnail that can't be made is judged as a picture that can't be
 * encoded: it is decoded by other means, so it may find what the encoder has overlooked, and a picture
 * that is indexed here never is without. Fails as the encoder does.
 */
export async function makePoints(
  work: IndexWork,
  tasks: readonly Task[],
  signal?: AbortSignal,
): Async<Step[]> {
  const files = await mapBounded(tasks, requestsAtOnce, async (task) => {
    return { task, file: await work.objects.get(task.info.key, signal) };
  });
  const images = files.flatMap(({ file }) => (file.ok ? [file.value.bytes] : []));
  const [encoded, looks] = await Promise.all([
    images.length > 0 ? work.encoder.encodeImages(images, signal) : ok([]),
    mapBounded(images, thumbnailsAtOnce, (image) => lookAtPicture(work, image, signal)),
  ]);
  if (!encoded.ok) return encoded;
  const nextImage = encoded.value.values();
  const nextLook = looks.values();
  return ok(
    files.map(({ task, file }) => {
      if (!file.ok) return afterNoFile(task, file.error);
      const image = next(nextImage);
      const look = next(nextLook);
      const { info, bytes } = file.value;
      if (!image.ok) return toRejection({ ...task, info }, image.error);
      if (!look.ok) return toRejection({ ...task, info }, look.error);
      const made = { ...image.value, ...look.value, content: contentOf(bytes) };
      return toIndexed(work, { ...task, info }, made);
    }),
  );
}

interface PictureLook {
  readonly facts?: PictureFacts;
  readonly thumbnail?: Uint8Array;
}

interface Made extends EncodedImage, PictureLook {
  readonly content: string;
}

/** Half of a SHA-256: enough to tell any two pictures apart. 22 characters. */
function contentOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64url').slice(0, 22);
}

async function lookAtPicture(
  { pictures, files }: IndexWork,
  image: Uint8Array,
  signal: AbortSignal | undefined,
): Async<PictureLook> {
  if (!pictures) return ok({});
  const facts = await pictures.facts(image);
  if (!facts.ok || !files) return facts.ok ? ok({ facts: facts.value }) : facts;
  const thumbnail = await pictures.thumbnail(image, signal);
  return thumbnail.ok ? ok({ facts: facts.value, thumbnail: thumbnail.value }) : thumbnail;
}

function toIndexed(
  work: IndexWork,
  { id, info, rejected }: Task,
  { vector, width, height, facts, thumbnail, content }: Made,
): Step {
  const { key, version } = info;
  const metadata = toMetadata(info, { width, height, facts }, work.metadata);
  const record = { id, metadata, origin: { root: work.objects.root, key, version, content } };
  const change = {
    id,
    key,
    seen: info,
    point: { record, vector },
    ...(thumbnail && { thumbnail }),
    removes: rejected ? (['reject'] as const) : [],
    outcome: { id, path: key, outcome: 'indexed' } as const,
  };
  return { kind: 'change', change };
}

/** It was there, and not too large: so it has changed since. */
function afterNoFile({ id, info: { key } }: Task, failure: Failure): Step {
  const changed = failure.code === 'not_found' || failure.code === 'image_too_large';
  return changed ? { kind: 'again', key } : toFailed(id, key, failure);
}

function next<T>(results: Iterator<T, unknown>): T {
  const { value, done } = results.next();
  if (done) throw new Error('There are fewer results than images');
  return value as T;
}
