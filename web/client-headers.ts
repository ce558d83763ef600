import type { CacheState } from '../core/ports.ts';

/** What an answer says of itself besides its body. */
export interface About {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** `Server-Timing`: the server's own milliseconds by stage, `total` among them. */
  readonly timing: Readonly<Record<string, number>>;
  /** `X-Cache`: where the answer came from; undefined where no cache was asked. */
  readonly cache: CacheState | undefined;
  /** `Retry-After`: when to ask again; undefined where nothing is said of it. */
  readonly retryAfterSeconds: number | undefined;
}

export function readHeaders({ status, headers }: Response): About {
  const timings = (headers.get('server-timing') ?? '').matchAll(/([\w-]+);dur=([\d.]+)/g);
  const cache = headers.get('x-cache');
  return {
    status,
    timing: Object.fromEntries(Array.from(timings, ([, stage, ms]) => [stage, Number(ms)])),
    cache: cache === 'hit' || cache === 'miss' || cache === 'bypass' ? cache : undefined,
    retryAfterSeconds: parseRetryAfter(headers.get('retry-after')),
  };
}

/** Seconds, or the date when it may be asked again. */
function parseRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const seconds = (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds));
}
