import { Filters } from './filter.ts';
import { imageId } from './image-id.ts';
import type { ImageId, ImageMetadata, ImageRecord } from './model.ts';
import type { ObjectInfo } from './object-store.ts';
import type { PictureFacts } from './ports.ts';

/** What is the same for all pictures of a run. */
export interface MetadataOptions {
  /** Where the objects are: `s3://bucket`, or the absolute path of a folder. */
  readonly root: string;
  /** Of every picture that says none of itself; by default it is the first folder of the key. */
  readonly category?: string | undefined;
  /** Whether it is kept where a picture was taken. */
  readonly place?: boolean | undefined;
}

/** What was found out by reading the file. */
export interface PictureState {
  readonly width: number;
  readonly height: number;
  /** Left out where nobody reads them. */
  readonly facts?: PictureFacts | undefined;
}

/**
 * Keys that we give a meaning. What whoever uploads says under these names is not taken, and a language
 * model is told of none of them that it is not told of by name: they say where and when it was.
 */
export const ourKeys: ReadonlySet<string> = new Set([
  'file_path',
  'file_name',
  's3_key',
  'category',
  'width',
  'height',
  'size',
  'type',
  'etag',
  'taken_at',
  'latitude',
  'longitude',
  'url',
  'thumbnail_url',
]);

export function isBucket(root: string): boolean {
  return root.startsWith('s3://');
}

/** The id of the picture of this key: in a folder it does not depend on where the folder is. */
export function imageIdAt(root: string, key: string): ImageId {
  return imageId(isBucket(root) ? `${root}/${key}` : key);
}

export function toMetadata(
  info: ObjectInfo,
  { width, height, facts }: PictureState,
  options: MetadataOptions,
): ImageMetadata {
  const { key, bytes, version, metadata = {} } = info;
  const inBucket = isBucket(options.root);
  return {
    ...usersOwn(metadata),
    file_path: key,
    file_name: key.slice(key.lastIndexOf('/') + 1),
    s3_key: inBucket ? `${options.root}/${key}` : null,
    category: categoryOf(info, options),
    width,
    height,
    size: bytes,
    ...(inBucket && { etag: version }),
    ...(facts && factsOf(facts, options)),
  };
}

/**
 * The metadata that a record should have by what is known of its file now, where that is another than
 * it has. The file's bytes are those that were indexed: what follows from them stays as it is, and
 * what an earlier version of this program did not keep is not missed.
 */
export function metadataNow(
  { metadata: known }: ImageRecord,
  info: ObjectInfo,
  options: MetadataOptions,
): ImageMetadata | undefined {
  const inBucket = isBucket(options.root);
  if (inBucket && info.metadata === undefined) return undefined;
  const kept = Object.entries(known).filter(([name]) => !inBucket || ourKeys.has(name));
  const now = {
    ...usersOwn(info.metadata ?? {}),
    ...Object.fromEntries(kept),
    category: categoryOf(info, options),
  } as ImageMetadata;
  return isSame(known, now) ? undefined : now;
}

/** Whether it takes a look at the object itself to tell: a listing does not say what was said of it. */
export function mayDiffer(
  { metadata }: ImageRecord,
  info: ObjectInfo,
  options: MetadataOptions,
): boolean {
  if (info.metadata !== undefined || !isBucket(options.root)) return false;
  return metadata.category !== categoryOf(info, options);
}

/** Whether this is the same state of the file, by all that is known of both. */
export function isSameState(a: ObjectInfo | undefined, b: ObjectInfo | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.version !== b.version) return false;
  const bothKnown = a.metadata !== undefined && b.metadata !== undefined;
  return !bothKnown || isSame(a.metadata, b.metadata);
}

function categoryOf({ key, metadata }: ObjectInfo, { category }: MetadataOptions): string | null {
  const said = metadata?.['category'];
  if (said !== undefined && said !== '') return said;
  const slash = key.indexOf('/');
  return category ?? (slash > 0 ? key.slice(0, slash) : null);
}

/** What can be filtered by, and means nothing else. */
function usersOwn(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(metadata).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return Object.fromEntries(
    named.filter(([name]) => !ourKeys.has(name) && Filters.safeParse({ [name]: '' }).success),
  );
}

function factsOf({ type, takenAt, place }: PictureFacts, options: MetadataOptions) {
  return {
    type,
    ...(takenAt !== undefined && { taken_at: takenAt }),
    ...(options.place === true && place),
  };
}

type Values = Readonly<Record<string, ImageMetadata[string]>>;

function isSame(a: Values, b: Values): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSameValue(a[name], b[name]))
  );
}

function isSameValue(a: Values[string] | undefined, b: Values[string] | undefined): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
