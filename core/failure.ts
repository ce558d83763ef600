import type { Result } from './result.ts';

interface FailureKind {
  /** HTTP status; applied by `http/respond.ts` alone. */
  readonly status: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retry: boolean;
  /** One line for people, the same for every failure of this code (RFC 9457 `title`). */
  readonly title: string;
}

/**
 * Every failure that is expected, in one closed table. A code is part of the HTTP contract: once
 * published it keeps its meaning.
 */
export const failures = {
  not_json: { status: 400, retry: false, title: 'The body is not valid JSON' },
  unauthenticated: { status: 401, retry: false, title: 'An API key is needed' },
  forbidden: { status: 403, retry: false, title: 'The API key may not do this' },
  not_found: { status: 404, retry: false, title: 'Not found' },
  method_not_allowed: { status: 405, retry: false, title: 'Method not allowed' },
  wrong_host: { status: 421, retry: false, title: 'This server does not answer to that name' },
  body_too_large: { status: 413, retry: false, title: 'The body is too large' },
  unsupported_media_type: { status: 415, retry: false, title: 'The body is of another type' },
  invalid_field: { status: 422, retry: false, title: 'A field is not valid' },
  rate_limited: { status: 429, retry: true, title: 'Too many requests' },
  overloaded: { status: 503, retry: true, title: 'Too busy at the moment' },
  search_unavailable: { status: 503, retry: true, title: 'The search service does not answer' },
  encoder_unavailable: { status: 503, retry: true, title: 'The encoder does not answer' },
  store_unavailable: { status: 503, retry: true, title: 'The vector store does not answer' },
  store_read_only: { status: 503, retry: true, title: 'The vector store takes no changes' },
  store_full: { status: 503, retry: true, title: 'The vector store has no room left' },
  collection_missing: { status: 503, retry: true, title: 'The collection is not there' },
  cursor_expired: { status: 410, retry: false, title: 'The list of results is gone' },
  cursor_unavailable: { status: 503, retry: true, title: 'The list of results cannot be kept' },
  timeout: { status: 504, retry: true, title: 'It took too long' },
  cancelled: { status: 499, retry: true, title: 'The request was cancelled' },
  not_an_image: { status: 422, retry: false, title: 'Not a picture of a known format' },
  image_empty: { status: 422, retry: false, title: 'The file is empty' },
  image_corrupt: { status: 422, retry: false, title: 'The picture is damaged' },
  image_too_large: { status: 422, retry: false, title: 'The picture is too large' },
  image_unreadable: { status: 503, retry: true, title: 'The file cannot be read' },
  image_changing: { status: 503, retry: true, title: 'The picture changes while it is read' },
  image_elsewhere: { status: 409, retry: false, title: 'The picture is not kept here' },
  objects_unavailable: { status: 503, retry: true, title: 'The bucket does not answer' },
  queue_unavailable: { status: 503, retry: true, title: 'The queue does not answer' },
  message_unusable: { status: 422, retry: true, title: 'The message is of no known form' },
  uploads_off: { status: 501, retry: false, title: 'Pictures cannot be uploaded here' },
  upload_refused: { status: 403, retry: false, title: 'The upload is not as agreed' },
  llm_unavailable: { status: 503, retry: true, title: 'The language model does not answer' },
  llm_quota_exhausted: {
    status: 503,
    retry: true,
    title: 'The language model was asked enough for today',
  },
  llm_unusable: { status: 502, retry: true, title: 'The language model gave no usable answer' },
  image_key_taken: {
    status: 409,
    retry: false,
    title: 'Another folder has a picture of this path',
  },
  address_in_use: { status: 503, retry: true, title: 'The port is taken' },
  model_unavailable: { status: 503, retry: true, title: 'The model cannot be pulled' },
  invalid_model: { status: 500, retry: false, title: 'The model cannot be used' },
  model_mismatch: { status: 500, retry: false, title: 'The index was made by another model' },
  index_locked: { status: 503, retry: true, title: 'The index is in use by another process' },
  index_unusable: { status: 500, retry: false, title: 'The index cannot be opened' },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof failures;

/** What is wrong with one field of a request. `path` is dotted: `filters.width.gte`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface Failure {
  readonly code: FailureCode;
  /** One sentence for the caller: *Cannot <do> as <what is wrong>: <value>*. */
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
  /** The vendor's error: for the log, never for the client. */
  readonly cause?: unknown;
}

/** What every port and every `Search` gives: a value or an expected failure, some time later. */
export type Async<T> = Promise<Result<T, Failure>>;

export function failure(
  code: FailureCode,
  detail: string,
  more: Omit<Failure, 'code' | 'detail'> = {},
): Failure {
  return { code, detail, ...more };
}

/** The failure of a wait that ended because its signal did: a deadline passed or a caller left. */
export function abortFailure(signal: AbortSignal): Failure {
  const reason: unknown = signal.reason;
  const timedOut = reason instanceof Error && reason.name === 'TimeoutError';
  return timedOut
    ? failure('timeout', 'Cannot finish in time as the deadline has passed', { cause: reason })
    : failure('cancelled', 'Cannot finish as the request was cancelled', { cause: reason });
}
