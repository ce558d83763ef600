import { createHash } from 'node:crypto';
import { abortFailure, type Async, type Failure, failure } from '../../core/failure.ts';
import { imageLimits } from '../../core/image-limits.ts';
import { isOwnKey } from '../../core/own-keys.ts';
import type { ObjectInfo, ObjectStore, StoredObject } from '../../core/object-store.ts';
import { err, ok } from '../../core/result.ts';

export interface ObjectCall {
  readonly operation: 'list' | 'head' | 'get' | 'put' | 'remove';
  /** Of `list` none, of `remove` all of them. */
  readonly keys: readonly string[];
}

/** What happens at a call; a failure that it gives is what the caller gets. */
export type ObjectHook = (call: ObjectCall) => Promise<Failure | undefined> | Failure | undefined;

export interface MemoryObjectsOptions {
  readonly root?: string;
  /** Before anything is looked at or changed. */
  readonly before?: ObjectHook;
  /** When all is done, before the caller knows. */
  readonly after?: ObjectHook;
}

/** A bucket in memory, with a back door for whoever puts pictures into it. */
export interface MemoryObjects extends ObjectStore {
  /** As somebody else does it: at once, past the hooks. */
  upload(key: string, bytes: Uint8Array, metadata?: Readonly<Record<string, string>>): ObjectInfo;
  delete(key: string): void;
  /** What is there, past the hooks. */
  peek(key: string): StoredObject | undefined;
  /** Everything there is, our own files included, in order. */
  keys(): string[];
}

export function createMemoryObjects(options: MemoryObjectsOptions = {}): MemoryObjects {
  const { root = 's3://pictures', before, after } = options;
  const files = new Map<string, StoredObject>();
  const inOrder = (prefix = '') =>
    [...files.keys()].filter((key) => key.startsWith(prefix)).sort(compareBytes);

  async function call<T>(
    asked: ObjectCall,
    signal: AbortSignal | undefined,
    work: () => Awaited<Async<T>>,
  ): Async<T> {
    const refused = signal?.aborted ? abortFailure(signal) : await before?.(asked);
    if (refused) return err(refused);
    const done = work();
    const broken = await after?.(asked);
    return broken ? err(broken) : done;
  }

  function upload(key: string, bytes: Uint8Array, metadata = {}): ObjectInfo {
    const version = createHash('md5').update(bytes).digest('hex');
    const info = { key, bytes: bytes.length, version, metadata: { ...metadata } };
    files.set(key, { info, bytes: bytes.slice() });
    return info;
  }

  return {
    root,
    upload,
    delete: (key) => files.delete(key),
    peek: (key) => files.get(key),
    keys: () => inOrder(),
    async *list({ prefix = '', signal } = {}) {
      const listed = await call({ operation: 'list', keys: [] }, signal, () => ok(inOrder(prefix)));
      if (!listed.ok) yield err({ key: prefix, failure: listed.error });
      for (const key of listed.ok ? listed.value : []) {
        if (signal?.aborted) {
          yield err({ key, failure: abortFailure(signal) });
          return;
        }
        const info = files.get(key)?.info;
        const asked = isOwnKey(prefix) || !isOwnKey(key);
        if (info && asked && !key.endsWith('/'))
          yield ok({ key, bytes: info.bytes, version: info.version });
      }
    },
    head: (key, signal) =>
      call({ operation: 'head', keys: [key] }, signal, () => ok(files.get(key)?.info)),
    get: (key, signal) =>
      call({ operation: 'get', keys: [key] }, signal, () => {
        const file = files.get(key);
        if (!file) return err(failure('not_found', `Cannot read the file as it is gone: ${key}`));
        if (file.bytes.length > imageLimits.bytes) {
          return err(failure('image_too_large', `Cannot read the file as it is too large: ${key}`));
        }
        return ok({ info: file.info, bytes: file.bytes.slice() });
      }),
    put: (key, bytes, { signal } = {}) =>
      call({ operation: 'put', keys: [key] }, signal, () => {
        upload(key, bytes);
        return ok(undefined);
      }),
    remove: (keys, signal) =>
      call({ operation: 'remove', keys }, signal, () => {
        for (const key of keys) files.delete(key);
        return ok(undefined);
      }),
  };
}

/** As S3 orders: by the bytes of UTF-8, which is by code points, unlike what `<` makes of pairs. */
function compareBytes(a: string, b: string): number {
  if (/[\ud800-\udfff]/.test(a + b)) {
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return a < b ? -1 : 1;
}
