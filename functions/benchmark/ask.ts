import type { IncomingHttpHeaders } from 'node:http';
import { SearchResponse } from '../../core/model.ts';
import type { CacheState } from '../../core/ports.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Clock } from '../../core/timings.ts';
import { parseJson } from '../../http/read-body.ts';
import { createExchanges, type Ended, type ExchangeRequest } from '../../http/remote-exchange.ts';

export interface Question {
  readonly query: string;
  readonly topK: number;
  /** What a CDN may keep is the answer to a `GET`. */
  readonly method: 'GET' | 'POST';
}

/** One search that was answered. */
export interface Answered {
  /** Milliseconds from the request to the last byte of its answer. */
  readonly clientMs: number;
  /** The server's own milliseconds by stage. None where a CDN answered: it tells those of another request. */
  readonly stages: Readonly<Record<string, number>>;
  /** The server's cache; `none` where it says nothing, undefined where it was not asked. */
  readonly cache: CacheState | 'none' | undefined;
  /** CloudFront's cache: `hit`, `miss`, `refreshhit` …; undefined where there is no CloudFront. */
  readonly cdn: string | undefined;
}

export interface Refused {
  /**
   * The server's own, or: `unreachable`, `timeout` (of this side), `cancelled` (by the signal),
   * `unexpected` (no answer of this API), `http_<status>` (somebody else's failure).
   */
  readonly code: string;
  readonly detail: string;
}

export type Ask = (question: Question, signal?: AbortSignal) => Promise<Result<Answered, Refused>>;

export interface AskOptions {
  /** Where the server is; a path in it is kept. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** How long one answer may take. */
  readonly timeoutMs: number;
  readonly now: Clock;
}

/** Asks a server as its users do, over connections that are kept. Nothing is asked twice. */
export function createAsk({ url, apiKey, timeoutMs, now }: AskOptions): {
  readonly ask: Ask;
  close(): void;
} {
  const exchanges = createExchanges({ baseUrl: url });
  const headers: Record<string, string> = { accept: 'application/json' };
  if (apiKey !== undefined) headers['authorization'] = `Bearer ${apiKey}`;
  return {
    async ask(question, signal) {
      if (signal?.aborted) return cancelled;
      const request = { ...toRequest(question), headers };
      const start = now();
      const { ended, cancel } = exchanges.start(request);
      let isLate = false;
      const late = setTimeout(() => {
        isLate = true;
        cancel();
      }, timeoutMs);
      signal?.addEventListener('abort', cancel, { once: true });
      const end = await ended;
      const clientMs = now() - start;
      clearTimeout(late);
      signal?.removeEventListener('abort', cancel);
      if (signal?.aborted) return cancelled;
      if (isLate) return refused('timeout', `there was no answer within ${timeoutMs} ms`);
      return read(end, clientMs);
    },
    close: exchanges.close,
  };
}

const cancelled = refused('cancelled', 'the time was over');

function toRequest({ query, topK, method }: Question): Omit<ExchangeRequest, 'headers'> {
  if (method === 'POST') {
    return { method, path: '/search', body: JSON.stringify({ query, top_k: topK }) };
  }
  const parameters = new URLSearchParams({ q: query, top_k: String(topK) });
  return { method, path: `/search?${parameters.toString()}` };
}

function read(ended: Ended, clientMs: number): Result<Answered, Refused> {
  if (ended.kind === 'lost') return refused('unreachable', ended.cause.message);
  if (ended.kind === 'endless') return refused('unexpected', 'the answer has no end');
  const { status, headers, text } = ended;
  const body = parseJson(text);
  if (status !== 200) return readRefusal(status, body.ok ? body.value : undefined);
  const answer = SearchResponse.safeParse(body.ok ? body.value : undefined);
  if (!answer.success) return refused('unexpected', 'the answer is none of a picture search');
  return ok({ clientMs, ...readHeaders(headers, answer.data.cached) });
}

/** A code is a label of metrics: what is no code is not taken for one. */
function readRefusal(status: number, body: unknown): Result<never, Refused> {
  const { code, detail } = Object(body) as { readonly code?: unknown; readonly detail?: unknown };
  const says = typeof detail === 'string' ? detail : `its status is ${status}`;
  const isCode = typeof code === 'string' && /^[a-z][a-z_]{1,39}$/.test(code);
  return refused(isCode ? code : `http_${status}`, says);
}

/** CloudFront writes into `X-Cache` as the server does: in place of its word, or behind it. */
function readHeaders(headers: IncomingHttpHeaders, cached: boolean): Omit<Answered, 'clientMs'> {
  const words = [headers['x-cache'] ?? []].flat().flatMap((value) => value.split(', '));
  const cdn = words.find((word) => word.endsWith(' from cloudfront'))?.split(' ')[0];
  if (cdn !== undefined && /hit$/i.test(cdn)) {
    return { stages: {}, cache: undefined, cdn: cdn.toLowerCase() };
  }
  const timings = [headers['server-timing'] ?? []].flat().join(', ');
  const stages = Array.from(
    timings.matchAll(/([\w-]+);dur=([\d.]+)/g),
    ([, stage = '', ms]) => [stage, Number(ms)] as const,
  );
  const own = words.find((word) => word === 'hit' || word === 'miss' || word === 'bypass');
  const otherwise = cdn === undefined ? 'none' : cached ? 'hit' : 'miss';
  return {
    stages: Object.fromEntries(stages),
    cache: own ?? otherwise,
    cdn: cdn?.toLowerCase(),
  };
}

function refused(code: string, detail: string): Result<never, Refused> {
  return err({ code, detail });
}
