import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createDirectoryUploads } from '../adapters/directory-uploads.ts';
import { createPictureReader } from '../adapters/picture-reader.ts';
import { imageIdAt } from '../core/image-metadata.ts';
import { createIndexer } from '../core/indexer.ts';
import { locateByRecord } from '../core/locate-image.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { Encoder, Logger, VectorStore } from '../core/ports.ts';
import { createUploads } from '../core/uploads.ts';
import type { Intake } from './intake.ts';
import { createLookQueue, type LookQueue } from './look-queue.ts';

export interface FolderIntakeOptions {
  readonly encoder: Encoder;
  /** Its changes are seen by searches. */
  readonly store: VectorStore;
  /** `DATA_DIR`. */
  readonly dataDirectory: string;
  /** Whether it is kept where a picture was taken. */
  readonly place: boolean;
  readonly logger: Logger;
}

/**
 * Uploads into a folder, each looked at as soon as it is there. What came and could not be indexed
 * before this process ended is looked at when the next one begins.
 */
export async function openFolderIntake(options: FolderIntakeOptions): Promise<Intake> {
  const { encoder, store, dataDirectory, place, logger } = options;
  const directory = join(dataDirectory, 'uploads');
  await mkdir(directory, { recursive: true });
  const objects = createDirectoryObjects(directory);
  const pictures = createPictureReader();
  const { look } = createIndexer({ objects, encoder, store, pictures, place });
  const queue = createLookQueue({ look, logger });
  const watched = withLooks(objects, store, queue);
  const forms = createDirectoryUploads({
    objects: watched,
    path: '/uploads/form',
    now: Date.now,
  });
  const uploads = createUploads({
    target: forms.target,
    objects: watched,
    locate: locateByRecord(store),
    newId: randomUUID,
  });
  const stop = new AbortController();
  const begun = lookAtAll(objects, queue, logger, stop.signal);
  return {
    edge: { uploads, uploadForms: forms },
    objectsOf: createDirectoryObjects,
    says: [`Uploads go to ${directory}, and are indexed at once.`],
    async close() {
      stop.abort();
      await queue.close();
      await begun;
    },
  };
}

/** What a bucket's notifications are: also after a failure, as part of it may be done. */
function withLooks(
  objects: ObjectStore,
  store: Pick<VectorStore, 'remove'>,
  queue: Pick<LookQueue, 'add'>,
): ObjectStore {
  return {
    ...objects,
    async put(key, bytes, options) {
      const put = await objects.put(key, bytes, options);
      queue.add([key]);
      return put;
    },
    async remove(keys, signal) {
      // The record first: a file without one is found at the next start, a record without a file only by
      // reading the whole index.
      const forgotten = await store.remove(
        keys.map((key) => imageIdAt(objects.root, key)),
        signal,
      );
      const removed = forgotten.ok ? await objects.remove(keys, signal) : forgotten;
      queue.add(keys);
      return removed;
    },
  };
}

/** At what came and was not indexed; what is known is skipped. */
async function lookAtAll(
  objects: ObjectStore,
  queue: Pick<LookQueue, 'add'>,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  for await (const item of objects.list({ signal })) {
    if (signal.aborted) return;
    if (item.ok) queue.add([item.value.key]);
    else logger.warn({ reason: item.error.failure.detail }, 'An upload cannot be looked at');
  }
}
