import type { Async, Failure } from './failure.ts';
import type { Result } from './result.ts';

export interface ObjectInfo {
  /** Path below the root, with `/`. */
  readonly key: string;
  readonly bytes: number;
  /** Changes whenever the bytes do: an ETag, or size and time of change. */
  readonly version: string;
  /**
   * What whoever put it there said of it: `x-amz-meta-*`, in small letters, without the prefix.
   * Left out where it is not known: in a listing, and of a folder.
   */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A file as it was when it was read. */
export interface StoredObject {
  readonly info: ObjectInfo;
  readonly bytes: Uint8Array;
}

export interface ListOptions {
  /** Keys that begin with this alone. */
  readonly prefix?: string;
  readonly signal?: AbortSignal | undefined;
}

/** A file or folder that can't be looked at, or the end of an aborted list. */
export interface ListFailure {
  readonly key: string;
  readonly failure: Failure;
}

/**
 * A folder or a bucket of files: what is true about pictures. Everything fails with `cancelled` and
 * `timeout` by its signal, and with `image_unreadable` where one file can't be read or written; a
 * bucket that does not answer is `objects_unavailable`.
 */
export interface ObjectReader {
  /** Absolute path of the folder, or `s3://bucket`. */
  readonly root: string;
  /**
   * Everything that may be a picture: in a folder by its name, in a bucket whatever is not one of our
   * own files. What can't be listed is named in its place. A bucket's keys come in their order.
   */
  list(options?: ListOptions): AsyncIterable<Result<ObjectInfo, ListFailure>>;
  /** `undefined` when there is no such object. */
  head(key: string, signal?: AbortSignal): Async<ObjectInfo | undefined>;
  /** Fails also with `not_found`, and `image_too_large` for more than `imageLimits.bytes`. */
  get(key: string, signal?: AbortSignal): Async<StoredObject>;
}

/** One that can be written to as well. */
export interface ObjectStore extends ObjectReader {
  /** Whole under its key, or not at all; replaces what is there. */
  put(
    key: string,
    bytes: Uint8Array,
    options?: { readonly contentType?: string; readonly signal?: AbortSignal | undefined },
  ): Async<void>;
  /** Unknown keys are no failure. */
  remove(keys: readonly string[], signal?: AbortSignal): Async<void>;
}

/** What lets whoever has it put one file into an object store. */
export interface UploadForm {
  /** Where `fields` and then the file, as `file`, are posted to as a form: absolute, or a path here. */
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** Lets others put files into an object store without a way through this process, or past its keys. */
export interface UploadTarget {
  /** Of the object store: `s3://bucket`, or the folder. */
  readonly root: string;
  /**
   * A form for one file of exactly this key, type and size. Fails with `objects_unavailable`.
   */
  permit(upload: {
    readonly key: string;
    readonly contentType: string;
    readonly bytes: number;
    readonly expiresSeconds: number;
  }): Async<UploadForm>;
}
