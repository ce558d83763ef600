export type PictureFormat = 'JPEG' | 'PNG' | 'WebP' | 'BMP' | 'TIFF' | 'GIF' | 'AVIF';

/** Of the first bytes, in hexadecimal. */
const signatures: readonly (readonly [PictureFormat, RegExp])[] = [
  ['JPEG', /^ffd8ff/],
  ['PNG', /^89504e470d0a1a0a/],
  ['GIF', /^47494638(37|39)61/],
  ['WebP', /^52494646.{8}57454250/],
  ['TIFF', /^(4949(2a|2b)00|4d4d00(2a|2b))/],
  // With the size of the second header: else every text that begins with BM would be a picture.
  ['BMP', /^424d.{24}(0c|28|34|38|40|6c|7c)000000/],
  // A box "ftyp" with the brand avif or avis somewhere in its list; HEIC shares the container.
  ['AVIF', /^.{8}66747970(.{8})*?617669(66|73)/],
];

const signatureBytes = 64;

/**
 * The format that a file's first bytes tell, whatever its name says. `undefined`: none of those
 * that are searched, among them SVG and PDF, which are programs that draw rather than pixels.
 */
export function detectPictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const head = Buffer.from(bytes.subarray(0, signatureBytes)).toString('hex');
  return signatures.find(([, signature]) => signature.test(head))?.[0];
}
