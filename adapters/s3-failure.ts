import { type Failure, failure } from '../core/failure.ts';
import { readAwsError } from './aws-requests.ts';

/** Says of an object that it may be denied, or be there and out of reach, and not of all of them. */
const ofAll = new Set([
  'NoSuchBucket',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/**
 * What went wrong with one object: `not_found`, `image_unreadable` where S3 refuses this one, and
 * `objects_unavailable` where it refuses all of them or does not answer.
 */
export function objectFailure(doing: string, location: string, cause: unknown): Failure {
  const { code, status, says } = readAwsError(cause, 'S3');
  const fail = (kind: Failure['code'], why: string): Failure =>
    failure(kind, `Cannot ${doing} as ${why}: ${location}`, { cause });
  if (status === undefined || status < 400 || status >= 500 || status === 429 || ofAll.has(code)) {
    return fail('objects_unavailable', says);
  }
  if (status === 404) return fail('not_found', 'it does not exist');
  if (code === 'InvalidObjectState') {
    return fail('image_unreadable', 'it is archived and must be restored first');
  }
  if (status === 403) return fail('image_unreadable', `permission is denied (${says})`);
  return fail('image_unreadable', says);
}

/** What went wrong with a bucket as a whole. */
export function bucketFailure(doing: string, location: string, cause: unknown): Failure {
  const { says } = readAwsError(cause, 'S3');
  return failure('objects_unavailable', `Cannot ${doing} as ${says}: ${location}`, { cause });
}
