import type { Metrics } from '../core/ports.ts';

/** Tells all of them everything; what is asked is answered by the first. */
export function combineMetrics(first: Metrics, ...others: readonly Metrics[]): Metrics {
  const all = [first, ...others];
  return {
    observe: (...args) => all.forEach((each) => each.observe(...args)),
    countRequest: (...args) => all.forEach((each) => each.countRequest(...args)),
    countCache: (...args) => all.forEach((each) => each.countCache(...args)),
    countLlm: (...args) => all.forEach((each) => each.countLlm(...args)),
    trackLlmQuota: (...args) => all.forEach((each) => each.trackLlmQuota(...args)),
    countTextLookup: (...args) => all.forEach((each) => each.countTextLookup(...args)),
    observeBatch: (...args) => all.forEach((each) => each.observeBatch(...args)),
    trackQueue: (...args) => all.forEach((each) => each.trackQueue(...args)),
    uptimeSeconds: first.uptimeSeconds,
    summaries: first.summaries,
    exposition: first.exposition,
  };
}
