import type { Async } from '../core/failure.ts';
import { isBucket } from '../core/image-metadata.ts';
import { findRecord } from '../core/images.ts';
import type { Thumbnails } from '../core/llm.ts';
import type { ImageRecord } from '../core/model.ts';
import type { ObjectReader } from '../core/object-store.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import type { PictureReader, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';

type Reader = Pick<ObjectReader, 'get'>;

/**
 * Small versions of pictures on a person's own machine: as the indexer has put them into a bucket, and
 * of a folder, which has none, made from the picture when they are wanted.
 */
export function createLocalThumbnails(parts: {
  readonly store: VectorStore;
  /** The folder or bucket that a record came from. */
  readonly objectsOf: (root: string) => Reader;
  readonly pictures: Pick<PictureReader, 'thumbnail'>;
}): Thumbnails {
  const { store, objectsOf, pictures } = parts;

  async function make({ origin }: ImageRecord, objects: Reader, signal: AbortSignal) {
    const read = await objects.get(origin.key, signal);
    return read.ok ? pictures.thumbnail(read.value.bytes, signal) : read;
  }

  return {
    async of({ id }, signal) {
      const record = await findRecord(store, id, signal);
      if (!record.ok) return record;
      const { root } = record.value.origin;
      const objects = objectsOf(root);
      const kept = isBucket(root) ? await readKept(objects, id, signal) : undefined;
      const thumbnail = kept?.ok ? kept : await make(record.value, objects, signal);
      return thumbnail.ok ? ok({ bytes: thumbnail.value, type: 'image/webp' }) : thumbnail;
    },
  };
}

async function readKept(objects: Reader, id: string, signal: AbortSignal): Async<Uint8Array> {
  const read = await objects.get(thumbnailKey(id), signal);
  return read.ok ? ok(read.value.bytes) : read;
}
