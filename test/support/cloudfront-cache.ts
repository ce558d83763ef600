import type { Behavior, CacheRules, DistributionRules } from './cloudfront-template.ts';

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Kept {
  readonly answer: KeptAnswer;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Of a request, when its function is done with it. */
export interface KeyedRequest {
  readonly path: string;
  readonly query: string;
  /** Small letters. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What an answer is kept under, and found again: GET and HEAD share it. */
export function keyOf(behavior: Behavior, request: KeyedRequest): string {
  const { cache } = behavior;
  return JSON.stringify([
    behavior.pattern ?? '*',
    request.path,
    cache.queryStrings ? request.query : '',
    cache.headers.map((name) => request.headers[name] ?? null),
    encodingOf(cache, request.headers['accept-encoding']),
  ]);
}

/** Of what a viewer understands, what the policy tells apart: sent on in place of what the viewer said. */
export function encodingOf({ encodings }: CacheRules, accepted = ''): string {
  const names = new Set(accepted.toLowerCase().match(/[\w-]+(?=\s*(?:[;,]|$))/g));
  return encodings.filter((name) => names.has(name)).join(',');
}

/** Unless a distribution says otherwise. */
const usualErrorSeconds = 10;
/** Kept by CloudFront whatever the origin says of them, or (400, 403, 405) said to be in older texts. */
const keptErrors = new Set([400, 403, 404, 405, 414, 500, 501, 502, 503, 504]);
/** Kept where the origin says for how long. */
const toldErrors = new Set([412, 415]);

/** How long an answer of the origin is kept: 0 is not at all. */
export function lifeSeconds(
  cache: CacheRules,
  { errorSeconds }: Pick<DistributionRules, 'errorSeconds'>,
  status: number,
  cacheControl = '',
): number {
  const said = readCacheControl(cacheControl);
  if (status < 400) {
    const wish = said.isRefused ? 0 : (said.seconds ?? cache.defaultSeconds);
    return Math.min(cache.maxSeconds, Math.max(cache.minSeconds, wish));
  }
  if (keptErrors.has(status)) {
    const least = errorSeconds.get(status) ?? usualErrorSeconds;
    return Math.max(least, said.isRefused ? 0 : Math.min(said.seconds ?? 0, cache.maxSeconds));
  }
  return toldErrors.has(status) && !said.isRefused ? (said.seconds ?? 0) : 0;
}

function readCacheControl(text: string) {
  const directives = new Map(
    text.split(',').map((one) => {
      const [name = '', value] = one.trim().toLowerCase().split('=');
      return [name, value] as const;
    }),
  );
  const seconds = directives.get('s-maxage') ?? directives.get('max-age');
  return {
    isRefused: ['no-store', 'no-cache', 'private'].some((name) => directives.has(name)),
    seconds: seconds === undefined ? undefined : Number(seconds),
  };
}

/** Whether a viewer has this already: tags are compared weakly. */
export function hasTag(ifNoneMatch: string | undefined, etag: string | undefined): boolean {
  if (ifNoneMatch === undefined || etag === undefined) return false;
  const bare = (tag: string) => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || bare(tag) === bare(etag));
}

/** `/images/*`, with `*` for any text and `?` for any character. */
export function matchesPattern(pattern: string | undefined, path: string): boolean {
  if (pattern === undefined) return true;
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  const source = escaped.replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source.startsWith('/') ? '' : '/'}${source}$`).test(path);
}
