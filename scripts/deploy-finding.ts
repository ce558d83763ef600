import { type Failure, failure } from '../core/failure.ts';
import { callAws, readAwsError } from '../adapters/aws-requests.ts';
import { err, ok, type Result } from '../core/result.ts';

/** What one look before a deployment found. */
export interface Finding {
  /** What was looked at, in a few words. */
  readonly what: string;
  /** `unknown`: it could not be asked, and may be there. */
  readonly state: 'ok' | 'missing' | 'unknown';
  readonly says: string;
  /** What a person does about it. */
  readonly todo?: string;
}

/** Looks at one thing; what it can't find out is a finding too. */
export type Check = (signal: AbortSignal) => Promise<readonly Finding[]>;

export const found = (what: string, says: string): Finding => ({ what, state: 'ok', says });
export const missing = (what: string, says: string, todo: string): Finding => ({
  what,
  state: 'missing',
  says,
  todo,
});
export const unknown = (what: string, says: string, todo: string): Finding => ({
  what,
  state: 'unknown',
  says,
  todo,
});

/** Why AWS did not say. `absent`: it says that there is none. */
export interface Refusal {
  readonly kind: 'denied' | 'throttled' | 'absent' | 'credentials' | 'other';
  readonly says: string;
}

const kinds: readonly (readonly [Refusal['kind'], RegExp])[] = [
  ['denied', /AccessDenied|UnauthorizedOperation|NotAuthorized/i],
  ['throttled', /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/i],
  ['absent', /NotFound|NoSuch|DoesNotExist/i],
  ['credentials', /Credentials|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|AuthFailure/i],
];

export const deadlineMs = 20_000;

/** Asks AWS once, with the deadline of every such question. */
export async function askAws<T>(
  service: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Result<T, Refusal>> {
  let refusal: Refusal = { kind: 'other', says: `${service} did not answer in time` };
  const explain = (cause: unknown): Failure => {
    const { code, says } = readAwsError(cause, service);
    const name = cause instanceof Error ? `${code} ${cause.name}` : code;
    const [kind = 'other'] = kinds.find(([, pattern]) => pattern.test(name)) ?? [];
    // Some errors of the SDK go on for lines.
    refusal = { kind, says: says.split('\n', 1)[0] ?? says };
    return failure('objects_unavailable', says, { cause });
  };
  const result = await callAws({ deadlineMs, signal, explain }, work);
  return result.ok ? ok(result.value) : err(refusal);
}

/** The finding where AWS did not say: nobody knows whether it is there. */
export function notSaid(what: string, { kind, says }: Refusal, permission: string): Finding {
  const todo =
    kind === 'denied'
      ? `Let this role do ${permission}, or look yourself.`
      : 'Run it again in a minute; if it stays so, look yourself.';
  return unknown(what, says, todo);
}
