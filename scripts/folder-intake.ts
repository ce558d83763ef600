import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { randomUUID } from 'node:crypto';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createDirectoryUploads } from '../adapters/directory-uploads.ts';
import { createPictureReader } from '../adapters/picture-reader.ts';
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
  readonly logger: Logger;
}

/**
 * Uploads into a folder, each looked at as soon as it is there. What came and could not be indexed
 * before this process ended is looked at when the next one begins.
 */
export async function openFolderIntake(options: FolderIntakeOptions): Promise<Intake> {
  const { encoder, store, dataDirectory, logger } = options;
  const directory = join(dataDirectory, 'uploads');
  await mkdir(directory, { recursive: true });
  const objects = createDirectoryObjects(directory);
  const { look } = createIndexer({ objects, encoder, store, pictures: createPictureReader() });
  const queue = createLookQueue({ look, logger });
  const watched = withLooks(objects, queue);
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
  const begun = lookAtAll(objects, queue, logger);
  return {
    edge: { uploads, uploadForms: forms },
    objectsOf: createDirectoryObjects,
    says: [`Uploads go to ${relative('', directory) || directory}, and are indexed at once.`],
    async close() {
      await queue.close();
      await begun;
    },
  };
}

/** What a bucket's notifications are: also after a failure, as part of it may be done. */
function withLooks(objects: ObjectStore, queue: Pick<LookQueue, 'add'>): ObjectStore {
  return {
    ...objects,
    async put(key, bytes, options) {
      const put = await objects.put(key, bytes, options);
      queue.add([key]);
      return put;
    },
    async remove(keys, signal) {
      const removed = await objects.remove(keys, signal);
      queue.add(keys);
      return removed;
    },
  };
}

async function lookAtAll(
  objects: ObjectStore,
  queue: Pick<LookQueue, 'add'>,
  logger: Logger,
): Promise<void> {
  for await (const item of objects.list()) {
    if (item.ok) queue.add([item.value.key]);
    else logger.warn({ reason: item.error.failure.detail }, 'An upload cannot be looked at');
  }
}
