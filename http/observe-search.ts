import type { Context } from 'hono';
import type { LlmOutcome, SearchResponse } from '../core/model.ts';
import type { Metrics, Stage } from '../core/ports.ts';
import type { RequestContext } from '../core/search.ts';
import { serverTiming } from './middleware.ts';
import { noteRequest } from './request-log.ts';
import { headersOf } from './respond.ts';

const ofResults: Readonly<Record<string, Stage>> = {
  cache: 'cache',
  remote: 'remote',
  encode: 'embedding',
  search: 'search',
};

/** Says of a search in the answer's headers and in the log what is known of it by now. */
export function tellOfSearch(c: Context, { notes, timings }: RequestContext): void {
  const headers = headersOf(c);
  headers['Server-Timing'] = serverTiming(timings);
  if (notes.cache !== undefined) headers['X-Cache'] = notes.cache;
  noteRequest(c, { ...notes, timings });
}

/** What it took to have the results, without what a model does about them. */
export function observeSearch(metrics: Metrics, { notes, timings }: RequestContext): void {
  for (const [name, ms] of timings.entries()) {
    const stage = ofResults[name];
    if (stage !== undefined) metrics.observe(stage, ms);
  }
  const ofModels = timings.spent('rerank') + timings.spent('explanation');
  metrics.observe('total', timings.elapsed() - ofModels);
  if (notes.cache !== undefined) metrics.countCache(notes.cache);
}

/** How long the models took that were asked. */
export function observeModels(
  metrics: Metrics,
  { timings }: RequestContext,
  llm: SearchResponse['llm'],
): void {
  for (const stage of ['rerank', 'explanation'] as const) {
    if (wasAsked(llm?.[stage])) metrics.observe(stage, timings.spent(stage));
  }
}

/** Where there was nobody to ask, or nothing to ask about, no time was spent on it. */
function wasAsked(outcome: LlmOutcome | undefined): boolean {
  return outcome !== undefined && !['off', 'nothing_found'].includes(outcome.outcome);
}
