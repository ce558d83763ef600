import * as z from 'zod';
import { type Async, type Failure, failure, type FailureCode, failures } from './failure.ts';
import { isBucket } from './image-metadata.ts';
import type { ImageId } from './model.ts';
import { rejectKey, rejectsPrefix, thumbnailKey } from './own-keys.ts';
import type { ObjectStore } from './object-store.ts';
import { err, ok, type Result } from './result.ts';

const codes = Object.keys(failures) as FailureCode[];

/** Why a picture is not in the index. */
export const Reject = z.object({
  key: z.string(),
  /** The state of the file that cannot be indexed. */
  version: z.string(),
  code: z.enum(codes),
  /** One sentence. */
  detail: z.string(),
});
export type Reject = z.infer<typeof Reject>;

/** What the index keeps beside the pictures. Everything fails as its object store does. */
export interface OwnFiles {
  putThumbnail(id: ImageId, webp: Uint8Array, signal?: AbortSignal): Async<void>;
  putReject(id: ImageId, reject: Reject, signal?: AbortSignal): Async<void>;
  /** `undefined` where there is none. Fails with `image_unreadable` where it is damaged. */
  readReject(id: ImageId, signal?: AbortSignal): Async<Reject | undefined>;
  has(kind: 'thumbnail' | 'reject', id: ImageId, signal?: AbortSignal): Async<boolean>;
  /**
   * Of which pictures there is a reject: one request, where `has` is one for each. `undefined` where
   * there are too many for that, or they can't be listed.
   */
  listRejects(signal?: AbortSignal): Async<ReadonlySet<ImageId> | undefined>;
  /** Any number of both in one call. Unknown ids are no failure. */
  remove(
    files: { readonly thumbnails: readonly ImageId[]; readonly rejects: readonly ImageId[] },
    signal?: AbortSignal,
  ): Async<void>;
}

/** What a bucket lists in one answer. */
const listedAtMost = 1000;

export function createOwnFiles(own: ObjectStore): OwnFiles {
  // A folder lists none of our own files.
  let canList = isBucket(own.root);
  return {
    putThumbnail: (id, webp, signal) =>
      own.put(thumbnailKey(id), webp, { contentType: 'image/webp', signal }),
    putReject(id, reject, signal) {
      const bytes = new TextEncoder().encode(`${JSON.stringify(reject)}\n`);
      return own.put(rejectKey(id), bytes, { contentType: 'application/json', signal });
    },
    async readReject(id, signal) {
      const file = await own.get(rejectKey(id), signal);
      if (!file.ok) return file.error.code === 'not_found' ? ok(undefined) : file;
      return parseReject(file.value.bytes);
    },
    async has(kind, id, signal) {
      const head = await own.head(kind === 'reject' ? rejectKey(id) : thumbnailKey(id), signal);
      return head.ok ? ok(head.value !== undefined) : head;
    },
    async listRejects(signal) {
      const ids = new Set<ImageId>();
      if (!canList) return ok(undefined);
      for await (const item of own.list({ prefix: rejectsPrefix, signal })) {
        if (!item.ok) return err(item.error.failure);
        ids.add(item.value.key.slice(rejectsPrefix.length).replace(/\.json$/, ''));
        canList = ids.size < listedAtMost;
        if (!canList) return ok(undefined);
      }
      return ok(ids);
    },
    async remove({ thumbnails, rejects }, signal) {
      const keys = [...thumbnails.map(thumbnailKey), ...rejects.map(rejectKey)];
      return keys.length === 0 ? ok(undefined) : own.remove(keys, signal);
    },
  };
}

/** Fails with `image_unreadable`. */
export function parseReject(bytes: Uint8Array): Result<Reject, Failure> {
  const { data } = Reject.safeParse(parseJson(bytes));
  if (data) return ok(data);
  const detail = `Cannot read why a picture is not in the index as the file is not of this form: ${Object.keys(Reject.shape).join(', ')}`;
  return err(failure('image_unreadable', detail));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
