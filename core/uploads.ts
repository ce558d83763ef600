import type { Async } from './failure.ts';
import { imageIdAt } from './image-metadata.ts';
import { imageElsewhere, type LocateImage } from './locate-image.ts';
import type { ImageId } from './model.ts';
import { isOwnKey } from './own-keys.ts';
import type { ObjectStore, UploadTarget } from './object-store.ts';
import { err, ok } from './result.ts';
import type { RequestContext } from './search.ts';
import { unlessAborted } from './unless-aborted.ts';
import { type Removal, type Upload, type UploadRequest, uploadTypes } from './upload-request.ts';

/** Pictures that come and go where they are kept; the index follows by itself. */
export interface Uploads {
  /** Lets the caller put one file there. Fails with `objects_unavailable`. */
  create(request: UploadRequest, context: RequestContext): Async<Upload>;
  /**
   * Removes the file of an indexed picture. Fails with `not_found`, with `image_elsewhere` for a
   * picture that was not uploaded here, and as `ObjectStore.remove` does.
   */
  remove(id: ImageId, context: RequestContext): Async<Removal>;
}

export interface UploadsParts {
  readonly target: UploadTarget;
  readonly objects: Pick<ObjectStore, 'remove' | 'root'>;
  readonly locate: LocateImage;
  /** A new id that nobody can guess, such as a UUID: no upload takes another's place. */
  readonly newId: () => string;
  readonly expiresSeconds?: number;
}

export function createUploads(parts: UploadsParts): Uploads {
  const { target, objects, locate, newId, expiresSeconds = 900 } = parts;
  return {
    async create(request, { signal }) {
      const { content_type: contentType, size: bytes, category } = request;
      const name = `${newId()}-${safeFileName(request)}`;
      const key = category === null ? name : `${category}/${name}`;
      const permitted = target.permit({ key, contentType, bytes, expiresSeconds });
      const form = await unlessAborted(permitted, signal);
      if (!form.ok) return form;
      const { url, fields, expiresAt } = form.value;
      return ok({
        id: imageIdAt(target.root, key),
        key,
        url,
        method: 'POST',
        fields,
        expires_at: expiresAt,
      });
    },
    async remove(id, context) {
      const found = await locate(id, context);
      if (!found.ok) return found;
      const { root, key } = found.value;
      if (root !== objects.root || isOwnKey(key)) return err(imageElsewhere(key));
      const removed = await objects.remove([key], context.signal);
      return removed.ok ? ok({ id }) : removed;
    },
  };
}

/** With the id before it, a name is below the 255 bytes of file systems, and the key below the 1,024 of S3. */
const maxNameBytes = 150;

/**
 * What is left of a file's name in its key: letters and digits of any script, and `. - _`; everything
 * else is a hyphen. It ends as files of its type do: folders are searched for pictures by that.
 */
export function safeFileName({
  file_name,
  content_type,
}: Pick<UploadRequest, 'file_name' | 'content_type'>): string {
  const isNamed = Object.values(uploadTypes).some((ending) => ending.test(file_name));
  const end = isNamed ? file_name.lastIndexOf('.') : file_name.length;
  const ending = isNamed ? file_name.slice(end) : `.${content_type.slice('image/'.length)}`;
  const plain = file_name
    .slice(0, end)
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
    .replace(/^[.-]+/, '');
  const stem = firstBytes(plain, maxNameBytes - ending.length).replace(/[.-]+$/, '');
  return `${stem || 'picture'}${ending}`;
}

/** As many whole characters of it as fit. */
function firstBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}
