import { Code, ConnectError } from '@connectrpc/connect';
import { type Failure, type FailureCode, failure } from '../core/failure.ts';

/** Whether a call only looks, or changes something: the same refusal means different things. */
export type QdrantIntent = 'read' | 'write';

/** What an error of a call means, whoever has wrapped it. `timeout` and `cancelled` by ourselves come before. */
export function qdrantFailure(thrown: unknown, intent: QdrantIntent): Failure {
  const error = connectErrorOf(thrown);
  const say = (code: FailureCode, detail: string, more: { retryAfterSeconds?: number } = {}) =>
    failure(code, detail, { ...more, cause: thrown });
  switch (error.code) {
    case Code.NotFound:
      return say('collection_missing', 'Cannot use the collection as Qdrant does not have it');
    case Code.Unauthenticated:
      return say(
        'store_unavailable',
        `Cannot ask Qdrant as it does not accept the key: ${keyHint}`,
      );
    case Code.PermissionDenied:
      return intent === 'write'
        ? say('store_read_only', `Cannot write to Qdrant as the key does not allow it: ${keyHint}`)
        : say('store_unavailable', `Cannot ask Qdrant as the key does not allow it: ${keyHint}`);
    case Code.ResourceExhausted:
      return isFull(error)
        ? say('store_full', fullDetail)
        : say('overloaded', 'Cannot ask Qdrant as it has too much to do', retryAfter(error));
    case Code.DeadlineExceeded:
      return say('timeout', 'Cannot finish in time as Qdrant takes too long');
    case Code.Unimplemented:
      return say('store_unavailable', `Cannot use this Qdrant as it is too old: ${supported}`);
    default:
      return otherFailure(error, intent, say);
  }
}

export const supported = 'it must be 1.16 or later';

/** The way to Qdrant broke before there was an answer. */
export function isBrokenConnection(thrown: unknown): boolean {
  const { code } = connectErrorOf(thrown);
  return code === Code.Unavailable || code === Code.Aborted || code === Code.Canceled;
}

export function isAlreadyThere(found: Failure): boolean {
  if (found.cause === undefined) return false;
  const error = connectErrorOf(found.cause);
  return error.code === Code.AlreadyExists || /already exists/i.test(error.rawMessage);
}

const keyHint = 'look at QDRANT_API_KEY';
const fullDetail = 'Cannot write to Qdrant as it has no room left: give it more disk or memory';

function otherFailure(
  error: ConnectError,
  intent: QdrantIntent,
  say: (code: FailureCode, detail: string) => Failure,
): Failure {
  // What Qdrant's own deadline ends comes as a cancellation.
  if (error.code === Code.Canceled && /time/i.test(error.rawMessage)) {
    return say('timeout', 'Cannot finish in time as Qdrant takes too long');
  }
  if (/dimension/i.test(error.rawMessage) && error.code === Code.InvalidArgument) {
    return say(
      'model_mismatch',
      'Cannot use the collection as it now has vectors of another length: another model made it. Start again with that model',
    );
  }
  if (intent === 'write') {
    if (isFull(error)) return say('store_full', fullDetail);
    if (isRefusedChange(error)) {
      return say('store_read_only', 'Cannot write to Qdrant as it takes no changes at the moment');
    }
  }
  return say(
    'store_unavailable',
    error.code === Code.InvalidArgument
      ? 'Cannot ask Qdrant as it refuses what is asked: look at its strict mode and its version'
      : 'Cannot ask Qdrant as it does not answer: look at QDRANT_HOST, QDRANT_GRPC_PORT and QDRANT_TLS',
  );
}

/** Qdrant has no code for a full disk, full memory or a collection at its limit, only words. */
function isFull({ rawMessage }: ConnectError): boolean {
  return /no space left|out of (memory|disk)|usage is at \d+%|limit of .* reached/i.test(
    rawMessage,
  );
}

/** A lock, a file system that is read-only, or a limit of strict mode. */
function isRefusedChange({ code, rawMessage }: ConnectError): boolean {
  return (
    code === Code.FailedPrecondition ||
    /read-?only|disabled|locked/i.test(rawMessage) ||
    (code === Code.InvalidArgument && /strict mode|help:|forbidden/i.test(rawMessage))
  );
}

function retryAfter({ metadata }: ConnectError): { retryAfterSeconds?: number } {
  const seconds = Number(metadata.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? { retryAfterSeconds: Math.ceil(seconds) } : {};
}

/** The error itself, or the one that it was wrapped around: rate limits arrive as a cause. */
function connectErrorOf(thrown: unknown): ConnectError {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; depth++) {
    if (error instanceof ConnectError) return innermost(error);
    error = error.cause;
  }
  return ConnectError.from(thrown);
}

function innermost(error: ConnectError): ConnectError {
  return error.code === Code.Unknown && error.cause instanceof ConnectError ? error.cause : error;
}
