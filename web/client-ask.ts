import { brokenOff, readAnswer, unsendableKey } from './client-answer.ts';
import type { Answer, Kind } from './client-answer.ts';
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

/** @param base Where the server is; ends with a slash. */
export function createAsk(options: ClientOptions, base: URL): Ask {
  const { apiKey, timeoutMs = 20_000 } = options;
  // The platform's own is looked up late and called bare: browsers refuse it as a method.
  const send: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init));

  return async function ask<T>({ path, kind, ...call }: Call<T>): Promise<Answer<T>> {
    const key = typeof apiKey === 'function' ? apiKey() : apiKey;
    // Headers of any other text can't be made.
    if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) return unsendableKey;
    const deadline = createDeadline(timeoutMs, call.signal);
    try {
      const response = await send(new URL(path, base), {
        ...toRequest(call, key),
        signal: deadline.signal,
      });
      return readAnswer(response, await response.text(), kind);
    } catch (cause) {
      return brokenOff(deadline.signal, cause, base.origin);
    } finally {
      deadline.clear();
    }
  };
}

function toRequest(
  { method, ...call }: Omit<Call<unknown>, 'path' | 'kind'>,
  key: string | undefined,
) {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
  if (call.requestId !== undefined) headers['x-request-id'] = call.requestId;
  if (call.body === undefined) return { ...(method && { method }), headers };
  headers['content-type'] = 'application/json';
  return { method: 'POST', headers, body: JSON.stringify(call.body) };
}
