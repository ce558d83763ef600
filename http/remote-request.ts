import { setTimeout as sleep } from 'node:timers/promises';
import { abortFailure, type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { readText } from './read-body.ts';
import { readProblem, wrongSecret } from './remote-failure.ts';
import { serviceSecretHeader } from './service-secret.ts';

export interface RemoteRequest {
  readonly path: string;
  /** Left out: a GET. Called once for every try, as a stream can be sent only once. */
  readonly body?: () => { readonly type: string; readonly content: string | ReadableStream };
}

/** Asks, and gives the JSON of the answer. */
export type Ask = (request: RemoteRequest, signal: AbortSignal) => Async<unknown>;

export interface AskOptions {
  readonly baseUrl: string;
  /** For one request with all its tries. */
  readonly timeoutMs: number;
  /** Shown to the service with every request. */
  readonly secret?: string | undefined;
}

/** Ten times what 256 vectors of 4,096 numbers take. */
const maxAnswerBytes = 64 * 1024 * 1024;
const tries = 3;
const retryDelayMs = 200;

/** What undici calls a connection that was refused or that ended too early. */
const lostConnection = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);

/** Codes that say: there is no encoder here, or none for us, or it ended while it was asked. */
const noEncoder = new Set<Failure['code']>([
  'not_found',
  'method_not_allowed',
  'cancelled',
  ...wrongSecret,
]);

/**
 * Asks a service whose every request may be repeated without harm. Connections that are refused or
 * lost, and `overloaded`, are tried again, up to three times in all and within the deadline.
 * Failures keep their codes; whatever is no answer of ours is `encoder_unavailable`.
 */
export function createAsk(options: AskOptions): Ask {
  const { timeoutMs } = options;
  return async (request, signal) => {
    const endsAt = performance.now() + timeoutMs;
    const withDeadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    for (let tried = 1; ; tried += 1) {
      if (withDeadline.aborted) return err(abortFailure(withDeadline));
      const { result, retryAfterMs } = await askOnce(options, request, withDeadline);
      // Whoever would wait past the deadline had better know now.
      const hopeless = retryAfterMs === undefined || performance.now() + retryAfterMs >= endsAt;
      if (result.ok || hopeless || tried === tries) return result;
      await sleep(retryAfterMs, undefined, { signal: withDeadline }).catch(() => {});
      // Out of time while it waited: why it had to wait says more than that it did.
      if (withDeadline.aborted && abortFailure(withDeadline).code === 'timeout') return result;
    }
  };
}

interface Attempt {
  readonly result: Result<unknown, Failure>;
  /** Set when it is worth another try. */
  readonly retryAfterMs?: number;
}

async function askOnce(
  { baseUrl, secret }: AskOptions,
  { path, body }: RemoteRequest,
  signal: AbortSignal,
): Promise<Attempt> {
  const url = urlBelow(baseUrl, path);
  const sent = body?.();
  try {
    const response = await fetch(url, {
      // A redirect leads to a login page, not to an encoder.
      redirect: 'manual',
      signal,
      headers: {
        ...(secret !== undefined && { [serviceSecretHeader]: secret }),
        ...(sent && { 'content-type': sent.type }),
      },
      ...(sent && {
        method: 'POST',
        body: sent.content,
        duplex: 'half',
      }),
    });
    const tooLong = unavailable(url, 'its answer has no end');
    const answer = await readText(response.body, signal, { maxBytes: maxAnswerBytes, tooLong });
    if (!answer.ok) return { result: answer };
    return response.ok
      ? { result: parseAnswer(answer.value, url) }
      : toFailedAttempt(answer.value, response, url);
  } catch (cause) {
    if (signal.aborted) return { result: err(abortFailure(signal)) };
    const result = err(unavailable(url, 'it does not answer', cause));
    return lostConnection.has(codeOf(cause)) ? { result, retryAfterMs: retryDelayMs } : { result };
  }
}

function parseAnswer(text: string, url: URL): Result<unknown, Failure> {
  try {
    return ok(JSON.parse(text));
  } catch (cause) {
    return err(unavailable(url, 'its answer is not JSON', cause));
  }
}

function toFailedAttempt(text: string, response: Response, url: URL): Attempt {
  const parsed = parseAnswer(text, url);
  const retryAfter = response.headers.get('retry-after') ?? undefined;
  const problem = parsed.ok ? readProblem(parsed.value, retryAfter) : undefined;
  if (!problem || noEncoder.has(problem.code)) {
    const refused = problem !== undefined && wrongSecret.has(problem.code);
    const why = refused ? 'it does not know our SERVICE_SECRET' : `it answered ${response.status}`;
    return { result: err(unavailable(url, why)) };
  }
  const result = err(problem);
  if (problem.code !== 'overloaded') return { result };
  const { retryAfterSeconds } = problem;
  const retryAfterMs = retryAfterSeconds === undefined ? retryDelayMs : retryAfterSeconds * 1000;
  return { result, retryAfterMs };
}

function codeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** A path in the base URL is kept. */
export function urlBelow(baseUrl: string, path: string): URL {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  return url;
}

export function unavailable(url: URL, why: string, cause?: unknown): Failure {
  const detail = `Cannot encode as ${why}: ${url.origin}${url.pathname}`;
  return failure('encoder_unavailable', detail, cause === undefined ? {} : { cause });
}
