import { createHash } from 'node:crypto';

/**
 * The id of a picture: the first 8 bytes of the MD5 of its key, as an unsigned 64-bit integer in
 * decimal. Always a string: half of these numbers are beyond what a JavaScript number can hold.
 *
 * @param key `s3://bucket/key`, or the path relative to the indexed folder with `/`.
 */
export function imageId(key: string): string {
  return createHash('md5').update(key, 'utf8').digest().readBigUInt64BE(0).toString();
}

/** Orders ids as the numbers they are. */
export function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
