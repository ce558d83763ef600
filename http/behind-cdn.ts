import type { Context, MiddlewareHandler } from 'hono';

/**
 * In which a CDN says under which generation of the index it keeps an answer. Who calls it can't
 * choose it: the CDN writes over what was sent (`cdk/cloudfront/search.js`).
 */
export const generationHeader = 'x-index-generation';

/** What the CDN says when it does not know the generation. */
export const unknownGeneration = 'none';

/**
 * For an app that is reached by a CDN alone, which has path, query, API key and generation in the key
 * of what it keeps: answers to `GET` may be kept there for `seconds`, also those to holders of keys. A
 * request without a generation is answered as if there were no such CDN.
 */
export function behindCdn(seconds: number): MiddlewareHandler {
  return (c, next) => {
    const generation = c.req.header(generationHeader) ?? unknownGeneration;
    if (generation !== unknownGeneration) c.set('cdnSeconds', seconds);
    return next();
  };
}

/** Seconds that a CDN may keep the answer to this request; `undefined` where no CDN is known. */
export function cdnSecondsOf(c: Context): number | undefined {
  return c.get('cdnSeconds') as number | undefined;
}
