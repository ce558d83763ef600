import type { Context } from 'hono';
import { type Failure, failures } from '../core/failure.ts';
import type { Logger } from '../core/ports.ts';
import { cdnSecondsOf } from './behind-cdn.ts';

/** An answered failure as the client sees it (RFC 9457). */
export interface Problem {
  /** A relative URL: where `/docs` explains the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors?: Failure['errors'];
}

type Headers = Record<string, string>;

/**
 * Headers that go with the answer to this request, whoever writes it: a plain object, because a
 * `Headers` object costs more than all the rest of an answer from the cache.
 */
export function headersOf(c: Context): Headers {
  const headers: Headers | undefined = c.get('headers');
  if (headers !== undefined) return headers;
  const none: Headers = {};
  c.set('headers', none);
  return none;
}

/**
 * `Cache-Control` of an answer that is good for a moment: a CDN's, or one key's holder's alone. Where
 * a CDN has the key and the generation in its own key (`behindCdn`), it may keep every one for longer.
 */
export function whoMayKeep(c: Context): string {
  const isPublic = c.get('apiKeyId') === undefined;
  const cdnSeconds = cdnSecondsOf(c);
  if (cdnSeconds === undefined) {
    return isPublic ? 'public, max-age=0, s-maxage=1' : 'private, max-age=0';
  }
  return `${isPublic ? 'public, ' : ''}max-age=0, s-maxage=${cdnSeconds}`;
}

/** Answers with this text or stream, and with all of `headersOf` so far. */
export function respondText(
  c: Context,
  text: string | ReadableStream<Uint8Array> | null,
  { status = 200, headers }: { readonly status?: number; readonly headers: Headers },
): Response {
  c.set('complete', true);
  return new Response(text, { status, headers: Object.assign(headersOf(c), headers) });
}

/** Turns a failure into `application/problem+json`: the only place that applies status codes. */
export function respondFailure(c: Context, failure: Failure): Response {
  const { status } = failures[failure.code];
  const retryAfter = failure.retryAfterSeconds ?? (status === 503 ? 1 : undefined);
  if (retryAfter !== undefined) headersOf(c)['Retry-After'] = String(Math.ceil(retryAfter));
  return problem(c, problemOf(c, failure));
}

/** A failure as its body says it. */
export function problemOf(c: Context, { code, detail, errors }: Failure): Problem {
  const { status, title } = failures[code];
  return {
    type: `/docs#${code}`,
    title,
    status,
    detail,
    code,
    request_id: requestId(c),
    ...(errors === undefined ? {} : { errors }),
  };
}

/** The same as an answer, with a line in the log where it is the service that failed. */
export function respondAndLog(c: Context, logger: Logger, failed: Failure): Response {
  logFailure(c, logger, failed);
  return respondFailure(c, failed);
}

export function logFailure(c: Context, logger: Logger, { code, detail, cause }: Failure): void {
  if (failures[code].status < 500) return;
  logger.warn({ code, err: cause, request_id: requestId(c) }, detail);
}

/** A bug: nothing is told but the id under which the log has the rest. */
export function respondBug(c: Context): Response {
  return problem(c, bugOf(c));
}

export function logBug(c: Context, logger: Logger, error: unknown): void {
  logger.error({ err: error, request_id: requestId(c) }, 'A request met a bug');
}

export function bugOf(c: Context): Problem {
  return {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    code: 'internal',
    request_id: requestId(c),
  };
}

export function requestId(c: Context): string {
  const id: unknown = c.get('requestId');
  return typeof id === 'string' ? id : '';
}

function problem(c: Context, body: Problem): Response {
  c.set('code', body.code);
  return respondText(c, JSON.stringify(body), {
    status: body.status,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
  });
}
