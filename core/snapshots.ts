import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Async, type Failure, failure } from './failure.ts';
import { err, ok, type Result } from './result.ts';

/** Where snapshots are kept: a folder or a bucket. Names have `/` in them. */
export interface SnapshotPlace {
  /** The folder, or `s3://bucket/prefix`. */
  readonly location: string;
  /**
   * Puts it there whole, or not at all. Fails with `store_unavailable`, also when reading the
   * content throws.
   */
  put(name: string, content: AsyncIterable<Uint8Array>): Async<void>;
  /** Fails with `not_found`, `store_unavailable`; reading what it gives may throw. */
  get(name: string): Async<AsyncIterable<Uint8Array>>;
  /** Every name that there is. */
  list(): Async<string[]>;
  /** Unknown names are no failure. */
  remove(names: readonly string[]): Async<void>;
}

const SnapshotFile = z.object({
  /** Below the snapshot, with `/`. Never leads out of it. */
  path: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*$/)
    .refine((path) => !path.split('/').some((part) => part === '..' || part === '.')),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SnapshotFile = z.infer<typeof SnapshotFile>;

const format = 1;

/** `snapshot.json`: written last, so that what has none is no snapshot. */
export const SnapshotInfo = z.object({
  format: z.literal(format),
  /** The kind of the vector store, which is the one that it can be restored to. */
  kind: z.string(),
  collection: z.string(),
  model: z.string(),
  revision: z.string(),
  dimensions: z.int(),
  vectors: z.int(),
  files: z.array(SnapshotFile),
});
export type SnapshotInfo = z.infer<typeof SnapshotInfo>;

/** A store that snapshots can be taken of. */
export interface SnapshotStore {
  readonly kind: string;
  /** What there is at one moment. Fails with `collection_missing`, `store_unavailable` … */
  capture(): Async<Captured>;
  /**
   * Puts it in the place of the collection, once `read` has given every file whole: reading throws at
   * the end of one that is damaged.
   */
  restore(info: SnapshotInfo, read: ReadSnapshotFile): Async<void>;
}

export type ReadSnapshotFile = (file: SnapshotFile) => AsyncIterable<Uint8Array>;

export interface Captured {
  readonly info: Omit<SnapshotInfo, 'format' | 'kind' | 'files'>;
  readonly files: readonly { readonly path: string; open(): AsyncIterable<Uint8Array> }[];
  /** Frees what was captured. */
  release(): Promise<void>;
}

/** Told of the bytes that went through. */
export type OnBytes = (bytes: number) => void;

export async function createSnapshot(
  store: SnapshotStore,
  place: SnapshotPlace,
  name: string,
  onBytes?: OnBytes,
): Async<SnapshotInfo> {
  const captured = await store.capture();
  if (!captured.ok) return captured;
  try {
    const files: SnapshotFile[] = [];
    for (const { path, open } of captured.value.files) {
      const measured = measure(open(), onBytes);
      const put = await place.put(`${name}/${path}`, measured.content);
      if (!put.ok) return put;
      files.push({ path, ...measured.found() });
    }
    const info = { format, kind: store.kind, ...captured.value.info, files } as const;
    const put = await place.put(`${name}/${infoName}`, textOf(info));
    return put.ok ? ok(info) : put;
  } finally {
    await captured.value.release();
  }
}

/** Fails with `not_found`, `index_unusable`, and as the place and the store do. */
export async function restoreSnapshot(
  store: SnapshotStore,
  place: SnapshotPlace,
  name: string,
  onBytes?: OnBytes,
): Async<SnapshotInfo> {
  const info = await readSnapshot(place, name);
  if (!info.ok) return info;
  if (info.value.kind !== store.kind) {
    return err(
      failure(
        'invalid_field',
        `Cannot restore the snapshot as it is of another vector store (set VECTOR_STORE): ${info.value.kind}, not ${store.kind}`,
      ),
    );
  }
  const restored = await store.restore(info.value, (file) => verified(place, name, file, onBytes));
  return restored.ok ? info : restored;
}

export interface ListedSnapshot {
  readonly name: string;
  readonly info: Result<SnapshotInfo, Failure>;
}

/** By name, which ends with the time. What was never finished is not among them. */
export async function listSnapshots(place: SnapshotPlace): Async<ListedSnapshot[]> {
  const names = await place.list();
  if (!names.ok) return names;
  const ending = `/${infoName}`;
  const finished = names.value.filter((name) => name.endsWith(ending)).toSorted();
  const listed: ListedSnapshot[] = [];
  for (const file of finished) {
    const name = file.slice(0, -ending.length);
    listed.push({ name, info: await readSnapshot(place, name) });
  }
  return ok(listed);
}

/** All of it, finished or not; what makes it a snapshot goes first. Fails with `not_found`. */
export async function removeSnapshot(place: SnapshotPlace, name: string): Async<void> {
  const names = await place.list();
  if (!names.ok) return names;
  const own = names.value.filter((one) => one.startsWith(`${name}/`));
  if (own.length === 0) return err(noSnapshot(place, name));
  const unmade = await place.remove([`${name}/${infoName}`]);
  return unmade.ok ? place.remove(own) : unmade;
}

export async function readSnapshot(place: SnapshotPlace, name: string): Async<SnapshotInfo> {
  const content = await place.get(`${name}/${infoName}`);
  if (!content.ok) {
    return content.error.code === 'not_found' ? err(noSnapshot(place, name)) : content;
  }
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content.value) chunks.push(chunk);
    const text = new TextDecoder().decode(joined(chunks));
    return ok(SnapshotInfo.parse(JSON.parse(text)));
  } catch (cause) {
    const detail = `Cannot use the snapshot as its ${infoName} is damaged or of another version: ${name}`;
    return err(failure('index_unusable', detail, { cause }));
  }
}

const infoName = 'snapshot.json';

function noSnapshot({ location }: SnapshotPlace, name: string): Failure {
  return failure('not_found', `Cannot find the snapshot in ${location}: ${name}`);
}

/** The content as it goes through, and what it was when it is through. */
function measure(content: AsyncIterable<Uint8Array>, onBytes?: OnBytes) {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* through(): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
      onBytes?.(chunk.length);
      yield chunk;
    }
  }
  return { content: through(), found: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/** Throws at the end of a file that is not what it was. */
async function* verified(
  place: SnapshotPlace,
  name: string,
  file: SnapshotFile,
  onBytes?: OnBytes,
): AsyncGenerator<Uint8Array> {
  const content = await place.get(`${name}/${file.path}`);
  if (!content.ok) throw new Error(content.error.detail, { cause: content.error });
  const measured = measure(content.value, onBytes);
  yield* measured.content;
  const { bytes, sha256 } = measured.found();
  if (bytes === file.bytes && sha256 === file.sha256) return;
  throw new Error(`the snapshot is damaged: ${name}/${file.path}`);
}

async function* textOf(info: SnapshotInfo): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(`${JSON.stringify(info, null, 2)}\n`);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
