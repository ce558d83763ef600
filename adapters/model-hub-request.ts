import { abortFailure, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

/** Why one request gave nothing, and whether another one may. */
export interface Refusal {
  readonly failure: Failure;
  readonly again: boolean;
}

export interface RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** How long nothing may come, be it the answer's head or the next part of its body. */
  readonly idleTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HubAnswer {
  readonly response: Response;
  /** Part by part; ends with a `Refusal` when the connection breaks. */
  parts(): AsyncGenerator<Result<Uint8Array, Refusal>>;
  /** To be called when the body is not read to its end. */
  drop(): Promise<void>;
}

/** One GET. Redirects are followed; `fetch` keeps the token to the host it was meant for. */
export async function requestFromHub(
  url: string,
  { headers, idleTimeoutMs, signal }: RequestOptions,
): Promise<Result<HubAnswer, Refusal>> {
  const watch = watchIdle(idleTimeoutMs, signal);
  const explain = (cause: unknown) => explainBreak(cause, { url, idleTimeoutMs, watch, signal });
  try {
    const response = await fetch(url, { headers, signal: watch.signal });
    const drop = async () => {
      watch.stop();
      await response.body?.cancel().catch(() => {});
    };
    const refusal = refusalOf(response, url, headers['authorization'] !== undefined);
    if (refusal === undefined) {
      return ok({ response, drop, parts: () => readParts(response, watch, explain) });
    }
    await drop();
    return err(refusal);
  } catch (cause) {
    watch.stop();
    return err(explain(cause));
  }
}

async function* readParts(
  { body }: Response,
  watch: IdleWatch,
  explain: (cause: unknown) => Refusal,
): AsyncGenerator<Result<Uint8Array, Refusal>> {
  const reader = body?.getReader();
  try {
    for (;;) {
      const part = await reader?.read().then(ok, (cause: unknown) => err(explain(cause)));
      if (part?.ok === false) yield part;
      if (part?.ok !== true || part.value.done) return;
      watch.touch();
      yield ok(part.value.value);
    }
  } finally {
    watch.stop();
    await reader?.cancel().catch(() => {});
  }
}

interface IdleWatch {
  readonly signal: AbortSignal;
  isIdle(): boolean;
  touch(): void;
  stop(): void;
}

function watchIdle(idleTimeoutMs: number, signal?: AbortSignal): IdleWatch {
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(), idleTimeoutMs);
  return {
    signal: AbortSignal.any(signal ? [idle.signal, signal] : [idle.signal]),
    isIdle: () => idle.signal.aborted,
    touch: () => timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}

interface BreakContext extends Pick<RequestOptions, 'idleTimeoutMs' | 'signal'> {
  readonly url: string;
  readonly watch: IdleWatch;
}

function explainBreak(
  cause: unknown,
  { url, idleTimeoutMs, watch, signal }: BreakContext,
): Refusal {
  if (signal?.aborted === true) return { failure: abortFailure(signal), again: false };
  const detail = watch.isIdle()
    ? `Cannot pull the model as nothing came for ${idleTimeoutMs / 1000} s; run it again to go on: ${url}`
    : `Cannot pull the model as the connection to the hub failed (${reasonOf(cause)}); check the network and HF_ENDPOINT, then run it again to go on: ${url}`;
  return { failure: failure('model_unavailable', detail, { cause }), again: true };
}

/** `fetch` says "fetch failed" or "terminated"; what really happened is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return 'code' in cause ? String(cause.code) : cause.message;
}

const statusesThatPass: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

function refusalOf(response: Response, url: string, withToken: boolean): Refusal | undefined {
  const refuse = (why: string, again = false) => ({
    failure: failure('model_unavailable', `Cannot pull the model as ${why}: ${url}`, {
      ...retryAfterOf(response),
    }),
    again,
  });
  const { status } = response;
  if (isWebPage(response)) {
    return refuse(
      'a web page came in place of the file, such as a login; set HF_TOKEN, or HF_ENDPOINT to a hub that can be reached from here',
    );
  }
  if (response.ok) return undefined;
  if (status === 401 || status === 403) {
    return refuse(
      withToken
        ? `the hub does not accept HF_TOKEN for it (${status}); take a token that may read it`
        : `the hub asks who you are (${status}); set HF_TOKEN to a token that may read it`,
    );
  }
  if (status === 404) return refuse('the hub does not have it (404)');
  if (status === 416) return refuse('the file ends earlier on the hub than it says (416)');
  if (statusesThatPass.has(status)) {
    return refuse(`the hub is busy or broken (${status}); try again later`, true);
  }
  return refuse(`the hub answered with status ${status}`);
}

/** A hub behind a sign-in sends there, and the page it shows has status 200. */
function isWebPage({ ok: fine, redirected, url, headers }: Response): boolean {
  if (fine && headers.get('content-type')?.startsWith('text/html') === true) return true;
  return redirected && /\/(log|sign)-?in\b/i.test(new URL(url).pathname);
}

function retryAfterOf({ headers }: Response): { retryAfterSeconds?: number } {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? { retryAfterSeconds: seconds } : {};
}
