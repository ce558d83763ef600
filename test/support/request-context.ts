import type { RequestContext } from '../../core/search.ts';
import { createTimings } from '../../core/timings.ts';

/** The context of a request that nobody waits for in vain. */
export function requestContext(more: Partial<RequestContext> = {}): RequestContext {
  return {
    requestId: 'request-1',
    signal: AbortSignal.timeout(30_000),
    timings: createTimings(() => performance.now()),
    notes: {},
    ...more,
  };
}
