import type { Context } from 'hono';
import type { RequestContext } from '../core/search.ts';
import { type Clock, createTimings } from '../core/timings.ts';
import { readDeadlineMs } from './deadline.ts';
import { requestId } from './respond.ts';
import { spanOf } from './trace-requests.ts';

const begun = Symbol('begun');

interface Begun {
  readonly c: Context;
  readonly timeoutMs: number;
  signal?: AbortSignal;
}

/**
 * `context.signal`, made when somebody looks at it: an answer from the cache needs none, and it takes
 * longer to make than that. One getter for all requests: with one in each of them, V8 makes every
 * object a class of its own, which stays until the next full collection.
 */
const lazySignal: PropertyDescriptor & ThisType<{ readonly [begun]: Begun }> = {
  enumerable: true,
  get() {
    const own = this[begun];
    own.signal ??= AbortSignal.any([
      own.c.req.raw.signal,
      AbortSignal.timeout(readDeadlineMs(own.c.req.header('x-deadline-ms'), own.timeoutMs)),
    ]);
    return own.signal;
  },
};

/** What the routes know of a request; it ends after `timeoutMs`, or when its caller says or leaves. */
export function createRequestContext(
  c: Context,
  { now, timeoutMs }: { readonly now: Clock; readonly timeoutMs: number },
): RequestContext {
  const own: Begun = { c, timeoutMs };
  const context = {
    requestId: requestId(c),
    timings: createTimings(now, spanOf(c)),
    notes: {},
    generation: c.req.header('x-index-generation'),
    [begun]: own,
  };
  return Object.defineProperty(context, 'signal', lazySignal) as typeof context & RequestContext;
}
