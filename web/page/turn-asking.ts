import type { ReadonlySignal } from '@preact/signals';
import type { Hit, SearchResponse } from '../../core/model.ts';
import type { Answer } from '../client-answer.ts';
import type { Client } from '../client.ts';
import type { ParsedSearch } from '../query-syntax.ts';
import { explanationOf, foundOf, withFirstPage } from './found.ts';
import { createLatest, pause } from './latest.ts';
import type { Notice } from './problem.ts';
import { toRequest } from './turn-request.ts';
import type { Explanation, TurnView } from './types.ts';

export interface TurnParts {
  readonly client: Pick<Client, 'search' | 'searchStream'>;
  readonly explain: (failed: Extract<Answer<never>, { readonly ok: false }>) => Notice;
  /** Whether the person wants an explanation now, or the best results put in order, and can have it. */
  readonly wishes: () => { readonly explanation: boolean; readonly rerank: boolean };
  readonly onHits: (hits: readonly Hit[]) => void;
}

export interface AskingParts extends TurnParts {
  readonly search: ReadonlySignal<ParsedSearch>;
  readonly view: ReadonlySignal<TurnView>;
  readonly set: (change: Partial<TurnView>) => void;
  /** While somebody types, a language model is not asked, which costs. */
  readonly isDraft: boolean;
  readonly onAsk: () => void;
}

export interface Asking {
  ask(): void;
  settle(): void;
  /** What it waits for is as if it had not been asked for. */
  cancel(): void;
}

const noWishes = () => ({ explanation: false, rerank: false });

/** Asks for the first page of a turn; only the newest question counts. */
export function createAsking(parts: AskingParts): Asking {
  const searches = createLatest();
  let wishes = parts.isDraft ? noWishes : parts.wishes;

  function ask(): void {
    parts.onAsk();
    void askFirst(parts.search.peek(), { ...parts, wishes }, searches.next(), ask);
  }

  return {
    ask,
    settle() {
      if (wishes === parts.wishes) return;
      wishes = parts.wishes;
      const { explanation, rerank } = wishes();
      if (explanation || rerank) ask();
    },
    cancel() {
      searches.cancel();
      const { status, explanation } = parts.view.peek();
      if (status === 'searching') parts.set({ status: 'waiting' });
      else if (isComing(explanation)) parts.set({ explanation: { step: 'none' } });
    },
  };
}

const brokenOff: Explanation = {
  step: 'missing',
  reason: 'No explanation: the answer broke off.',
};

function isComing({ step }: Explanation): boolean {
  return step === 'waiting' || step === 'streaming';
}

/** The first page. What is shown stays until there is something newer to show. */
async function askFirst(
  search: ParsedSearch,
  { view, set, ...parts }: AskingParts,
  signalOfThis: AbortSignal,
  again: () => void,
): Promise<void> {
  const wishes = parts.wishes();
  const waiting: Explanation = { step: wishes.explanation ? 'waiting' : 'none' };
  set({ status: 'searching', notice: undefined, more: 'idle', explanation: waiting });
  // Whoever types Enter at once makes a draft and enters it: that is one question.
  await Promise.resolve();
  if (signalOfThis.aborted) return;
  let isShown = false;
  const show = (response: SearchResponse, timing: Readonly<Record<string, number>>) => {
    parts.onHits(response.results);
    const first = foundOf(response, { timing, isCut: true });
    const { found } = view.peek();
    set({ status: 'shown', found: isShown && found ? withFirstPage(found, first) : first });
    isShown = true;
  };
  let text = '';
  const answer = await askServer(parts.client, toRequest(search, wishes), {
    isStream: wishes.explanation || wishes.rerank,
    signal: signalOfThis,
    onResults: (response) => show(response, {}),
    onExplanation: (piece) => set({ explanation: { step: 'streaming', text: (text += piece) } }),
  });
  if (signalOfThis.aborted) return;
  if (answer.ok) {
    show(answer.value, answer.timing);
    return void set({ explanation: explanationOf(answer.value) });
  }
  if (answer.partial !== undefined) {
    return void set({ explanation: wishes.explanation ? brokenOff : { step: 'none' } });
  }
  const notice = parts.explain(answer);
  set({ status: 'failed', found: undefined, notice, explanation: { step: 'none' } });
  if (notice.retryAfterSeconds === undefined) return;
  await pause(notice.retryAfterSeconds * 1000, signalOfThis);
  if (!signalOfThis.aborted) again();
}

interface Streaming {
  readonly isStream: boolean;
  readonly signal: AbortSignal;
  readonly onResults: (response: SearchResponse) => void;
  readonly onExplanation: (piece: string) => void;
}

function askServer(
  client: TurnParts['client'],
  request: Parameters<Client['search']>[0],
  { isStream, signal: signalOfThis, onResults, onExplanation }: Streaming,
): ReturnType<Client['searchStream']> {
  // Posted: a browser would keep the answer to a GET, and with it how long it took at that time.
  if (!isStream) return client.search(request, { signal: signalOfThis });
  const unlessOld =
    <T>(act: (value: T) => void) =>
    (value: T) => {
      if (!signalOfThis.aborted) act(value);
    };
  return client.searchStream(request, {
    signal: signalOfThis,
    onResults: unlessOld(onResults),
    onExplanation: unlessOld(onExplanation),
  });
}
