import type { Image, SearchQuery, SearchResponse } from '../core/model.ts';
import { brokenOff, readAnswer, unsendableKey } from './client-answer.ts';
import type { Answer, Kind } from './client-answer.ts';
import type { Health, Stats } from './client-types.ts';

/** The body of `POST /search` as a caller writes it: only `query` is required. */
export type SearchInput = NonNullable<(typeof SearchQuery)['~standard']['types']>['input'];

export interface ClientOptions {
  /** Where the server is, such as `http://localhost:8000`; a path in it is kept. */
  readonly baseUrl: string | URL;
  /** Sent as a bearer token; a function is asked before every call. */
  readonly apiKey?: string | (() => string | undefined) | undefined;
  /** How long one call may take, the body included (20,000). */
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

export interface SearchOptions extends CallOptions {
  /**
   * Asks with `GET`, whose answer a browser or a CDN may keep. A query with filters is posted all the
   * same, as a query string has no types.
   */
  readonly cacheable?: boolean;
}

export interface SimilarOptions extends CallOptions {
  readonly top_k?: number;
  readonly score_threshold?: number;
}

/** The API of a picture search server. What goes wrong is a value; nothing is asked twice. */
export interface Client {
  search(query: SearchInput, options?: SearchOptions): Promise<Answer<SearchResponse>>;
  /**
   * The pages of one list, `top_k` results each, that no change of the index moves. The last one is
   * the end or a failure; `cursor` in the query goes on from the page that failed.
   */
  pages(query: SearchInput, options?: SearchOptions): AsyncGenerator<Answer<SearchResponse>, void>;
  /** The pictures nearest to one, without itself. */
  similar(id: string, options?: SimilarOptions): Promise<Answer<SearchResponse>>;
  image(id: string, options?: CallOptions): Promise<Answer<Image>>;
  /** A server that cannot search gives a value too: its `status` is `unhealthy`. */
  health(options?: CallOptions): Promise<Answer<Health>>;
  stats(options?: CallOptions): Promise<Answer<Stats>>;
}

/** What is asked for, and how its answer is told from any other. */
interface Call<T> extends CallOptions {
  readonly path: string;
  readonly kind: Kind<T>;
  /** A body that is posted as JSON. */
  readonly body?: unknown;
}

const search = { key: 'results', isIt: Array.isArray } as Kind<SearchResponse>;
const image = { key: 'metadata', isIt: isObject } as Kind<Image>;
const health = { key: 'status', isIt: isText, statuses: [503] } as Kind<Health>;
const stats = { key: 'collection', isIt: isObject } as Kind<Stats>;

/** For browsers and Node. Throws where `baseUrl` is no address. */
export function createClient(options: ClientOptions): Client {
  const ask = createAsk(options);
  const searchFor: Client['search'] = (query, { cacheable = false, ...call } = {}) => {
    const { filters, ...rest } = query;
    if (!cacheable || filters) return ask({ ...call, path: 'search', kind: search, body: query });
    const { query: q, ...more } = rest;
    return ask({ ...call, path: `search?${parameters({ q, ...more })}`, kind: search });
  };
  return {
    search: searchFor,
    async *pages(query, call) {
      let cursor: string | null | undefined = query.cursor ?? '*';
      while (cursor) {
        const page: Answer<SearchResponse> = await searchFor({ ...query, cursor }, call);
        yield page;
        cursor = page.ok ? page.value.next_cursor : null;
      }
    },
    similar(id, { top_k, score_threshold, ...call } = {}) {
      const path = `images/${encodeURIComponent(id)}/similar`;
      const asked = parameters({ top_k, score_threshold });
      return ask({ ...call, path: asked === '' ? path : `${path}?${asked}`, kind: search });
    },
    image: (id, call) => ask({ ...call, path: `images/${encodeURIComponent(id)}`, kind: image }),
    health: (call) => ask({ ...call, path: 'health', kind: health }),
    stats: (call) => ask({ ...call, path: 'stats', kind: stats }),
  };
}

function createAsk(options: ClientOptions) {
  const { baseUrl, apiKey, timeoutMs = 20_000 } = options;
  const base = new URL(baseUrl);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
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

function toRequest(call: Omit<Call<unknown>, 'path' | 'kind'>, key: string | undefined) {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
  if (call.requestId !== undefined) headers['x-request-id'] = call.requestId;
  if (call.body === undefined) return { headers };
  headers['content-type'] = 'application/json';
  return { method: 'POST', headers, body: JSON.stringify(call.body) };
}

/** Of a signal and a time, whichever comes first, and no timer left behind. */
function createDeadline(timeoutMs: number, signal: AbortSignal | undefined) {
  const controller = new AbortController();
  const late = () =>
    controller.abort(new DOMException(`No answer within ${timeoutMs} ms`, 'TimeoutError'));
  const leave = () => controller.abort(signal?.reason);
  const timer = setTimeout(late, timeoutMs);
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    },
  };
}

function parameters(values: Readonly<Record<string, unknown>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null) given.set(name, String(value));
  }
  return given.toString();
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
