import type { FailureCode } from '../core/failure.ts';
import { readHeaders } from './client-headers.ts';
import type { About } from './client-headers.ts';

/**
 * The server's own codes, and two for when it did not answer: `unreachable` (nobody did) and
 * `unexpected` (somebody else did, such as a proxy). `cancelled` and `timeout` with status 0 are the
 * caller's own doing. A newer server may have codes that this client does not know.
 */
export type ProblemCode =
  | FailureCode
  | 'internal'
  | 'unreachable'
  | 'unexpected'
  | (string & Record<never, never>);

/** What went wrong, in the form of RFC 9457 also where no server said it. */
export interface Problem {
  /** Relative to the server: its `/docs` explains the code. */
  readonly type: string;
  readonly title: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** One sentence: what is wrong and with which value. */
  readonly detail: string;
  readonly code: ProblemCode;
  /** What the server's log calls the request. */
  readonly request_id: string;
  /** The fields that are wrong, where it is they. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

export type Answer<T> =
  | (About & { readonly ok: true; readonly value: T })
  | (About & { readonly ok: false; readonly problem: Problem });

export type Failed = Extract<Answer<never>, { readonly ok: false }>;

/** How an answer is told from others: what it must have under a key. */
export interface Kind<T> {
  readonly key: keyof T & string;
  readonly isIt: (value: unknown) => boolean;
  /** Statuses besides 200 that it comes with. */
  readonly statuses?: readonly number[];
}

/** A body counts only as the kind that was asked for: a proxy's own page with status 200 is no answer. */
export function readAnswer<T>(response: Response, text: string, kind: Kind<T>): Answer<T> {
  const about = readHeaders(response);
  const body = parseObject(text);
  const { status } = response;
  const isRight = body !== undefined && kind.isIt(body[kind.key]);
  if (isRight && (response.ok || kind.statuses?.includes(status) === true)) {
    return { ok: true, ...about, value: body as T };
  }
  const problem = response.ok || !body ? unexpected(response) : readProblem(body, response);
  return { ok: false, ...about, problem };
}

/** The answer of a call that had none: the signal tells whether the caller left or it took too long. */
export function brokenOff(signal: AbortSignal, cause: unknown, origin: string): Failed {
  if (!signal.aborted) {
    const detail = `Cannot ask as there is no answer from ${origin}: ${reasonOf(cause)}`;
    return noAnswer('unreachable', 'The server does not answer', detail);
  }
  const reason: unknown = signal.reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return noAnswer('timeout', 'It took too long', `Cannot wait any longer: ${reason.message}`);
  }
  const detail = 'Cannot go on as the caller has cancelled the request';
  return noAnswer('cancelled', 'The request was cancelled', detail);
}

export const unsendableKey: Failed = noAnswer(
  'unauthenticated',
  'An API key is needed',
  'Cannot send the API key as it has characters that no key has',
);

function noAnswer(code: ProblemCode, title: string, detail: string): Failed {
  const rest = { type: 'about:blank', status: 0, request_id: '', errors: [] };
  const about = { status: 0, timing: {}, cache: undefined, retryAfterSeconds: undefined };
  return { ok: false, ...about, problem: { ...rest, code, title, detail } };
}

/** What a body says of it; its status is that of the answer. */
export function readProblem(
  body: Readonly<Record<string, unknown>>,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
): Problem {
  const text = (key: string, otherwise: string): string => {
    const value = body[key];
    return typeof value === 'string' ? value : otherwise;
  };
  return {
    type: text('type', 'about:blank'),
    title: text('title', `The server answers ${status}`),
    status,
    detail: text('detail', ''),
    code: text('code', 'unexpected'),
    request_id: text('request_id', headers.get('x-request-id') ?? ''),
    errors: Array.isArray(body['errors']) ? body['errors'].filter(isFieldError) : [],
  };
}

/** Somebody else answered, or a server of another kind. */
export function unexpected({ status, headers, url }: Response): Problem {
  const type = headers.get('content-type')?.split(';')[0] ?? 'no content-type';
  return {
    type: 'about:blank',
    title: 'Not an answer of a picture search',
    status,
    detail: `Cannot use the answer as it is none of this API (status ${status}, ${type}): ${url}`,
    code: 'unexpected',
    request_id: headers.get('x-request-id') ?? '',
    errors: [],
  };
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isFieldError(error: unknown): error is Problem['errors'][number] {
  const { path, message } = (error ?? {}) as { path?: unknown; message?: unknown };
  return typeof path === 'string' && typeof message === 'string';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node says why one level further down.
  return error.cause instanceof Error && error.cause.message !== ''
    ? error.cause.message
    : error.message;
}
