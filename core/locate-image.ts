import { type Async, type Failure, failure } from './failure.ts';
import { findRecord, type Images } from './images.ts';
import type { ImageId, ImageOrigin } from './model.ts';
import type { VectorStore } from './ports.ts';
import { err, ok } from './result.ts';
import type { RequestContext } from './search.ts';

/** Where the bytes of an indexed picture are. */
export type ImagePlace = Pick<ImageOrigin, 'root' | 'key'>;

/** Fails with `not_found` for an id that is not in the index. */
export type LocateImage = (id: ImageId, context: RequestContext) => Async<ImagePlace>;

/** By what a picture says of itself: good for buckets, fails with `image_elsewhere` for folders. */
export function locateByS3Key(images: Pick<Images, 'get'>): LocateImage {
  return async (id, context) => {
    const image = await images.get(id, context);
    if (!image.ok) return image;
    const { s3_key, file_path } = image.value.metadata;
    const [, root, key] = /^(s3:\/\/[^/]+)\/(.+)$/s.exec(s3_key ?? '') ?? [];
    return root === undefined || key === undefined
      ? err(imageElsewhere(file_path))
      : ok({ root, key });
  };
}

/** By what the index itself knows of it, where it is at hand. */
export function locateByRecord(store: VectorStore): LocateImage {
  return async (id, { signal }) => {
    const record = await findRecord(store, id, signal);
    return record.ok ? ok(record.value.origin) : record;
  };
}

/** Says nothing of where the picture is: folders of the server are nobody's business. */
export function imageElsewhere(path: string): Failure {
  return failure(
    'image_elsewhere',
    `Cannot remove the picture as it is not kept where uploads go (delete its file where it is, then run the index command there with --prune): ${path}`,
  );
}
