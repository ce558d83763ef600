import { type Failure, failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { detectPictureFormat, type PictureFormat } from './picture-format.ts';

/** Before anything is decoded. Fails with `image_empty`, `image_too_large`, `not_an_image`. */
export function checkPicture(bytes: Uint8Array): Result<PictureFormat, Failure> {
  if (bytes.length === 0) {
    return err(failure('image_empty', 'Cannot read the picture as the file is empty: 0 bytes'));
  }
  if (bytes.length > imageLimits.bytes) {
    const detail = `Cannot read the picture as the file has more than ${imageLimits.bytes} bytes: ${bytes.length}`;
    return err(failure('image_too_large', detail));
  }
  const format = detectPictureFormat(bytes);
  if (format) return ok(format);
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  const detail = `Cannot read the picture as it is none of JPEG, PNG, WebP, BMP, TIFF, GIF and AVIF, but begins with the bytes: ${start}`;
  return err(failure('not_an_image', detail));
}
