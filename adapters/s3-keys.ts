/** What S3 takes. */
const maxKeyBytes = 1024;

/** Whether there can be an object of this key: S3 knows no other, and the SDK throws at some. */
export function isPossibleKey(key: string): boolean {
  return key !== '' && key.isWellFormed() && Buffer.byteLength(key) <= maxKeyBytes;
}

/** Whether the key comes through XML as it is. XML knows no control characters. */
export function fitsXml(key: string): boolean {
  return !/[\p{Cc}\u2028\u2029\ufffe\uffff]/u.test(key);
}
