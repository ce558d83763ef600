import { isPossibleKey } from './s3-keys.ts';

/** S3 puts the name of the file that is posted in the place of `${filename}`. */
export function isUploadKey(key: string): boolean {
  return isPossibleKey(key) && !key.includes('${filename}');
}
