import type * as z from 'zod';
import { type Failure, failure, type FailureCode } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { parseJson } from './read-body.ts';
import type { Ended } from './remote-exchange.ts';
import { isBug, readProblem, wrongSecret } from './remote-failure.ts';

/** What one attempt came to. */
export type Outcome<T> =
  /** The service answered, be it with a failure. */
  | { readonly kind: 'answer'; readonly result: Result<T, Failure> }
  /** Nobody did, or somebody else. */
  | {
      readonly kind: 'none';
      readonly failure: Failure;
      /** `free`: an old connection was closed, as happens. `costly`: something may be wrong there. */
      readonly again: 'no' | 'costly' | 'free';
    };

export interface AnswerReader<T> {
  readonly schema: z.ZodType<T>;
  /** Codes that an answer to this request can't have: whoever gives one is another service. */
  readonly foreign: ReadonlySet<FailureCode>;
  /** What failures call the service: its clients need not know where it is. */
  readonly service: string;
}

/** Gateways that have lost the one behind them: perhaps there is another one by now. */
const gateway = new Set([502, 503, 504]);

/**
 * Reads an answer. The failures of the service keep their codes; what is no answer of ours is
 * `search_unavailable`, with the particulars in `cause`, for the log.
 */
export function readAnswer<T>(ended: Ended, reader: AnswerReader<T>): Outcome<T> {
  const none = (why: string, again: 'no' | 'costly' | 'free', cause?: unknown): Outcome<T> => ({
    kind: 'none',
    failure: unavailable(`${reader.service} ${why}`, cause),
    again,
  });
  if (ended.kind === 'lost') {
    return none('does not answer', ended.reused ? 'free' : 'costly', ended.cause);
  }
  if (ended.kind === 'endless') return none('gave an answer without end', 'no');
  const { status, headers, text } = ended;
  const body = parseJson(text);
  if (status === 200 && body.ok) {
    const parsed = reader.schema.safeParse(body.value);
    if (parsed.success) return { kind: 'answer', result: ok(parsed.data) };
    return none('gave another answer than was asked for', 'no', parsed.error);
  }
  const problem = body.ok ? readProblem(body.value, headers['retry-after']) : undefined;
  if (problem && wrongSecret.has(problem.code)) return refused(reader.service, problem);
  if (problem && !reader.foreign.has(problem.code)) return { kind: 'answer', result: err(problem) };
  if (body.ok && isBug(body.value)) return bug(reader.service, text);
  return none('did not answer', gateway.has(status) ? 'costly' : 'no', foreign(status, text));
}

/** @param why begins with who it is. */
export function unavailable(why: string, cause?: unknown): Failure {
  return failure('search_unavailable', `Cannot answer as ${why}`, { cause });
}

function refused<T>(service: string, { detail }: Failure): Outcome<T> {
  const cause = new Error(
    `The service does not know our secret (the first of SERVICE_SECRET here must be one of SERVICE_SECRET there): ${detail}`,
  );
  return { kind: 'answer', result: err(unavailable(`${service} does not take requests`, cause)) };
}

/** Alive, so it is an answer: one query that meets a bug must not keep others from being asked. */
function bug<T>(service: string, text: string): Outcome<T> {
  const cause = new Error(`The service met a bug: ${text.slice(0, 300)}`);
  return { kind: 'answer', result: err(unavailable(`${service} met a bug`, cause)) };
}

function foreign(status: number, text: string): Error {
  return new Error(`No answer of the service, with status ${status}: ${text.slice(0, 300)}`);
}
