import type { ObjectInfo } from '../core/object-store.ts';
import { decodeHeaderText } from './header-text.ts';

/** What S3 says of an object in a listing, a HEAD or a GET. */
export interface S3Facts {
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
}

/** The ETag without its quotes; of a server that has none, size and time of change. */
export function versionOf({ ETag, LastModified }: S3Facts, bytes: number): string {
  const tag = ETag?.replace(/^W\//, '').replaceAll('"', '') ?? '';
  // To the second, as a HEAD has it.
  const seconds = Math.floor((LastModified?.getTime() ?? 0) / 1000);
  return tag === '' ? `${bytes}-${seconds}` : tag;
}

export function objectInfo(
  key: string,
  answer: S3Facts & {
    readonly ContentLength?: number | undefined;
    readonly Metadata?: Readonly<Record<string, string>> | undefined;
  },
): ObjectInfo {
  const bytes = answer.ContentLength ?? 0;
  const metadata = Object.entries(answer.Metadata ?? {}).map(
    ([name, value]) => [name.toLowerCase(), decodeHeaderText(value)] as const,
  );
  return { key, bytes, version: versionOf(answer, bytes), metadata: Object.fromEntries(metadata) };
}
