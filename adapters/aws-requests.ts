import { abortFailure, type Async, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { unlessAborted } from '../core/unless-aborted.ts';

/** How long one request may wait, each time it is tried. */
export interface AwsDeadlines {
  /** Until there is a connection. */
  readonly connectMs?: number;
  /** From its start to the beginning of the answer: what is sent is sent meanwhile. */
  readonly answerMs?: number;
  /** While nothing comes. */
  readonly idleMs?: number;
}

/** More than any caller asks at the same time: whoever waits for a socket loses its deadline. */
const maxSockets = 64;

/** For the `requestHandler` of a client. */
export function requestHandlerOf(
  { connectMs, answerMs, idleMs }: AwsDeadlines,
  usual: Required<AwsDeadlines>,
) {
  const agent = { keepAlive: true, maxSockets };
  return {
    connectionTimeout: connectMs ?? usual.connectMs,
    requestTimeout: answerMs ?? usual.answerMs,
    throwOnRequestTimeout: true,
    socketTimeout: idleMs ?? usual.idleMs,
    httpAgent: agent,
    httpsAgent: agent,
  };
}

export interface AwsCall {
  /** For all tries of it, and for reading what it answers. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The failure that an error is. */
  readonly explain: (cause: unknown) => Failure;
}

/**
 * What the work gives, within the deadline: between two tries the SDK itself listens to no signal.
 * Work that is given up ends by the signal that it is given, in its own time.
 */
export async function callAws<T>(
  { deadlineMs, signal, explain }: AwsCall,
  work: (signal: AbortSignal) => Promise<T>,
): Async<T> {
  if (signal?.aborted) return err(abortFailure(signal));
  const stop = new AbortController();
  const leave = (): void => stop.abort(signal?.reason);
  const late = new Error(`there was no answer within ${deadlineMs} ms`);
  const timer = setTimeout(() => stop.abort(late), deadlineMs);
  signal?.addEventListener('abort', leave, { once: true });
  try {
    const result = await unlessAborted(attempt(work(stop.signal), explain), stop.signal);
    if (result.ok || !stop.signal.aborted) return result;
    return err(signal?.aborted ? abortFailure(signal) : explain(late));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  }
}

async function attempt<T>(
  work: Promise<T>,
  explain: AwsCall['explain'],
): Promise<Result<T, Failure>> {
  try {
    return ok(await work);
  } catch (cause) {
    return err(explain(cause));
  }
}

/** What is told apart in an error of the SDK. */
export interface AwsError {
  /** The service's code, such as `NoSuchKey`. */
  readonly code: string;
  /** HTTP status; left out where nothing was answered. */
  readonly status: number | undefined;
  /** A clause for people. */
  readonly says: string;
}

export function readAwsError(cause: unknown, service: string): AwsError {
  if (!(cause instanceof Error)) return { code: '', status: undefined, says: String(cause) };
  const { $metadata, code: errno } = cause as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly code?: string;
  };
  const status = $metadata?.httpStatusCode;
  if (status === undefined) {
    return { code: cause.name, status, says: cause.message || (errno ?? cause.name) };
  }
  // The answer to a HEAD has a status alone.
  const bodiless = cause.name === 'Unknown' || cause.name === String(status);
  const code = bodiless ? `HTTP ${status}` : cause.name;
  const known = cause.message && cause.message !== 'UnknownError' ? `: ${cause.message}` : '';
  return { code: cause.name, status, says: `${service} says ${code}${known}` };
}
