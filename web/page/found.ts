import type { Hit, SearchResponse } from '../../core/model.ts';
import { firstCursor, pageTopK } from './limits.ts';
import type { Explanation, Found } from './types.ts';

interface About {
  readonly timing: Readonly<Record<string, number>>;
  readonly isCut: boolean;
}

export function foundOf(answer: SearchResponse, { timing, isCut }: About): Found {
  return {
    hits: answer.results,
    latencyMs: answer.latency_ms,
    cached: answer.cached,
    timing,
    isTruncated: answer.query_truncated,
    nextCursor: answer.next_cursor ?? (answer.results.length < pageTopK ? null : firstCursor),
    isCut,
    remark: rerankRemark(answer),
  };
}

/** Another page at the end of what is there; a picture that is there already stays where it is. */
export function withPage(
  found: Found,
  page: Pick<SearchResponse, 'results' | 'next_cursor'>,
  isCut = found.isCut,
): Found {
  const hits = [...found.hits, ...unseen(found.hits, page.results)];
  return { ...found, hits, nextCursor: page.next_cursor ?? null, isCut };
}

/** The first page once more, as in another order; what was loaded after it stays after it. */
export function withFirstPage(found: Found, first: Found): Found {
  const rest = unseen(first.hits, found.hits);
  if (rest.length === 0) return first;
  const { isCut, nextCursor } = found;
  return { ...first, hits: [...first.hits, ...rest], isCut, nextCursor };
}

export function unseen(shown: readonly Hit[], more: readonly Hit[]): Hit[] {
  const ids = new Set(shown.flatMap(({ id, duplicates }) => [id, ...(duplicates ?? [])]));
  return more.filter(({ id }) => !ids.has(id));
}

export function without(found: Found, id: string): Found {
  return { ...found, hits: found.hits.filter((hit) => hit.id !== id) };
}

type Outcome = NonNullable<NonNullable<SearchResponse['llm']>['explanation']>['outcome'];

const reasons: Readonly<Partial<Record<Outcome, string>>> = {
  off: 'This server has no language model to explain results.',
  quota_exhausted: 'No explanation: the language model was asked enough for today.',
  timeout: 'No explanation: the language model took too long.',
  unavailable: 'No explanation: the language model does not answer.',
  unusable: 'No explanation: the language model gave no usable answer.',
};

/** What the end of an answer says of the explanation that was asked for. */
export function explanationOf({ explanation, llm }: SearchResponse): Explanation {
  if (explanation !== null && explanation.trim() !== '') {
    return { step: 'done', text: explanation.trim() };
  }
  const reason = reasons[llm?.explanation?.outcome ?? 'ok'];
  return reason === undefined ? { step: 'none' } : { step: 'missing', reason };
}

const unordered: Readonly<Partial<Record<Outcome, string>>> = {
  off: 'In the usual order: this server has no vision model.',
  quota_exhausted: 'In the usual order: the vision model was asked enough for today.',
  timeout: 'In the usual order: the vision model took too long.',
  unavailable: 'In the usual order: the vision model does not answer.',
  unusable: 'In the usual order: the vision model gave no usable answer.',
};

function rerankRemark({ llm }: SearchResponse): string | undefined {
  return unordered[llm?.rerank?.outcome ?? 'ok'];
}
