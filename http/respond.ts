import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type Failure, failures } from '../core/failure.ts';
import type { Logger } from '../core/ports.ts';

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

/** Turns a failure into `application/problem+json`: the only place that applies status codes. */
export function respondFailure(c: Context, failure: Failure): Response {
  const { status, title } = failures[failure.code];
  const retryAfter = failure.retryAfterSeconds ?? (status === 503 ? 1 : undefined);
  if (retryAfter !== undefined) c.header('Retry-After', String(Math.ceil(retryAfter)));
  return problem(c, {
    type: `/docs#${failure.code}`,
    title,
    status,
    detail: failure.detail,
    code: failure.code,
    request_id: requestId(c),
    ...(failure.errors === undefined ? {} : { errors: failure.errors }),
  });
}

/** The same, with a line in the log where it is the service that failed. */
export function respondAndLog(c: Context, logger: Logger, failed: Failure): Response {
  const { code, detail, cause } = failed;
  if (failures[code].status >= 500) {
    logger.warn({ code, err: cause, request_id: requestId(c) }, detail);
  }
  return respondFailure(c, failed);
}

/** A bug: nothing is told but the id under which the log has the rest. */
export function respondBug(c: Context): Response {
  return problem(c, {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    code: 'internal',
    request_id: requestId(c),
  });
}

export function requestId(c: Context): string {
  const id: unknown = c.get('requestId');
  return typeof id === 'string' ? id : '';
}

function problem(c: Context, body: Problem): Response {
  c.set('code', body.code);
  // 499 and its like are outside hono's list of statuses, and are statuses all the same.
  return c.body(JSON.stringify(body), body.status as ContentfulStatusCode, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  });
}
