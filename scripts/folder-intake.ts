import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
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
  /** Whether it is kept where a picture was taken. */
  readonly place: boolean;
  readonly logger: Logger;
}

/**
 * Uploads into a folder, each looked at as soon as it is there. What came and could not be indexed
 * before this process ended is looked at when the next one begins, and so is what went.
 */
export async function openFolderIntake(options: FolderIntakeOptions): Promise<Intake> {
  const { encoder, store, dataDirectory, place, logger } = options;
  const directory = join(dataDirectory, 'uploads');
  await mkdir(directory, { recursive: true });
  const objects = createDirectoryObjects(directory);
  const pictures = createPictureReader();
  const { look } = createIndexer({ objects, encoder, store, pictures, place });
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
  const stop = new AbortController();
  const begun = lookAtAll({ objects, store, queue, logger, signal: stop.signal });
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

interface LookAtAll extends Pick<FolderIntakeOptions, 'store' | 'logger'> {
  readonly objects: ObjectStore;
  readonly queue: Pick<LookQueue, 'add'>;
  readonly signal: AbortSignal;
}

/** At what is there, and at what the index still has of what is not. */
async function lookAtAll({ objects, store, queue, logger, signal }: LookAtAll): Promise<void> {
  const listed = new Set<string>();
  const warn = (reason: string) => logger.warn({ reason }, 'An upload cannot be looked at');
  for await (const item of objects.list({ signal })) {
    if (signal.aborted) return;
    if (!item.ok) warn(item.error.failure.detail);
    const key = item.ok ? item.value.key : item.error.key;
    listed.add(key);
    if (item.ok) queue.add([key]);
  }
  for await (const page of store.scan(signal)) {
    if (signal.aborted) return;
    if (!page.ok) return warn(page.error.detail);
    const ours = page.value.filter(({ origin }) => origin.root === objects.root);
    const gone = ours.flatMap(({ origin: { key } }) => (listed.has(key) ? [] : [key]));
    if (gone.length > 0) queue.add(gone);
  }
}
