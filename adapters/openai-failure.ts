import { abortFailure, failure, type Failure } from '../core/failure.ts';
import { tooLongName } from './openai-fetch.ts';

/**
 * What went wrong with an OpenAI endpoint. Its error is the cause as a copy of names and messages
 * alone: those of the client hold headers, and a server may repeat the key that it was sent.
 */
export function openAiFailure(error: unknown, signal: AbortSignal, secret?: string): Failure {
  if (signal.aborted) return abortFailure(signal);
  const cause = describeError(error, secret);
  const status = statusOf(error);
  if (status !== undefined) return refused(status, cause, retryAfterOf(error));
  if (namesOf(error).some((name) => unusableNames.has(name))) return unusable('rubbish', cause);
  return failure(
    'llm_unavailable',
    'Cannot ask the language model as its endpoint does not answer',
    {
      cause,
    },
  );
}

/** There was an answer, and it can't be used. */
export function unusable(what: string, cause?: unknown): Failure {
  const detail = `Cannot use the answer of the language model as it is ${what}`;
  return failure('llm_unusable', detail, cause === undefined ? {} : { cause });
}

/** What is not JSON, and what has no end. */
const unusableNames: ReadonlySet<string> = new Set(['SyntaxError', tooLongName]);
/** About this one question: the endpoint as such answers. */
const aboutTheQuestion: ReadonlySet<number> = new Set([400, 413, 422]);

function refused(status: number, cause: Error, retryAfterSeconds: number | undefined): Failure {
  const code = aboutTheQuestion.has(status) ? 'llm_unusable' : 'llm_unavailable';
  const detail = `Cannot ask the language model as its endpoint refuses: ${status}`;
  return failure(code, detail, {
    cause,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/** The HTTP status that an error of the client is about. */
export function statusOf(error: unknown): number | undefined {
  const { status } = propertiesOf(error);
  return typeof status === 'number' ? status : undefined;
}

export function messageOf(error: unknown): string {
  const { message } = propertiesOf(error);
  return typeof message === 'string' ? message : String(error);
}

function retryAfterOf(error: unknown): number | undefined {
  const { headers } = propertiesOf(error);
  const said = headers instanceof Headers ? Number(headers.get('retry-after') ?? Number.NaN) : NaN;
  return Number.isFinite(said) && said >= 0 ? said : undefined;
}

/** Of the error, what caused it, and so on. */
function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let link = error; link !== undefined && chain.length < 4;) {
    chain.push(link);
    link = propertiesOf(link)['cause'];
  }
  return chain;
}

function namesOf(error: unknown): string[] {
  return chainOf(error).map((link) => String(propertiesOf(link)['name']));
}

const maxMessage = 300;

function describeError(error: unknown, secret: string | undefined): Error {
  const said = chainOf(error).map((link) =>
    withoutKeys(messageOf(link), secret).slice(0, maxMessage),
  );
  const copy = new Error([...new Set(said)].join(': '));
  copy.name = error instanceof Error ? error.constructor.name : 'Error';
  return copy;
}

/** Without the key that was sent, and without what looks like one. */
function withoutKeys(message: string, secret: string | undefined): string {
  const known = secret === undefined ? message : message.replaceAll(secret, '[key]');
  return known.replaceAll(/\b(?:sk-|AIza|Bearer )[\w*.-]{6,}/g, '[key]');
}

function propertiesOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
