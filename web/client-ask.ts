import { brokenOff, readAnswer, unsendableKey } from './client-answer.ts';
import type { Answer, Failed, Kind } from './client-answer.ts';
import { createDeadline } from './client-deadline.ts';

export interface ClientOptions {
  /** Where the server is, such as `http://localhost:8000`; a path in it is kept. */
  readonly baseUrl: string | URL;
  /** Sent as a bearer token; a function is asked before every call. */
  readonly apiKey?: string | (() => string | undefined) | undefined;
  /** How long one call may take, the body included (20,000); a file that is uploaded has 15 minutes. */
  readonly timeoutMs?: number;
  /** In place of the platform's own. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  /** Ends the call when it aborts: with the code `cancelled`, or `timeout` for a timeout signal. */
  readonly signal?: AbortSignal | undefined;
  /** 8 to 64 letters, digits, `_`, `-`, `.`: what the server's log calls this request. */
  readonly requestId?: string | undefined;
}

/** What is asked for, and how its answer is told from any other. */
export interface Call<T> extends CallOptions {
  /** By default `GET`, or `POST` with a body. */
  readonly method?: 'DELETE';
  readonly path: string;
  readonly kind: Kind<T>;
  /** A body that is posted as JSON. */
  readonly body?: unknown;
}

export type Ask = <T>(call: Call<T>) => Promise<Answer<T>>;

type Sent = Omit<Call<never>, 'kind'> & { readonly accept?: string };

/** Sends a call, and hands its answer on to be read within the call's time. */
export type Exchange = <A>(
  call: Sent,
  read: (response: Response, lost: Lost) => Promise<A>,
) => Promise<A | Failed>;

/** What an answer is that broke off: the signal tells why. */
export type Lost = (cause: unknown) => Failed;

/** @param base Where the server is; ends with a slash. */
export function createExchange(options: ClientOptions, base: URL): Exchange {
  const { apiKey, timeoutMs = 20_000 } = options;
  // The platform's own is looked up late and called bare: browsers refuse it as a method.
  const send: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));

  return async ({ path, ...call }, read) => {
    const key = typeof apiKey === 'function' ? apiKey() : apiKey;
    // Headers of any other text can't be made.
    if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) return unsendableKey;
    const deadline = createDeadline(timeoutMs, call.signal);
    const { signal } = deadline;
    const lost: Lost = (cause) => brokenOff(signal, cause, base.origin);
    try {
      const begin = async () => send(new URL(path, base), { ...toRequest(call, key), signal });
      const response = await begin().catch(lost);
      return 'problem' in response ? response : await read(response, lost);
    } finally {
      deadline.clear();
    }
  };
}

export function createAsk(exchange: Exchange): Ask {
  return ({ kind, ...call }) =>
    exchange(call, async (response, lost) => {
      try {
        return readAnswer(response, await response.text(), kind);
      } catch (cause) {
        return lost(cause);
      }
    });
}

function toRequest(
  { method, accept = 'application/json', ...call }: Omit<Sent, 'path'>,
  key: string | undefined,
) {
  const headers: Record<string, string> = { accept };
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
  if (call.requestId !== undefined) headers['x-request-id'] = call.requestId;
  if (call.body === undefined) return { ...(method && { method }), headers };
  headers['content-type'] = 'application/json';
  return { method: 'POST', headers, body: JSON.stringify(call.body) };
}
