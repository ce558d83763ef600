import type { ReadonlySignal } from '@preact/signals';
import type { Hit } from '../../core/model.ts';
import type { ParsedSearch } from '../query-syntax.ts';
import type { Notice } from './problem.ts';

/** What became of the sentence or two that a language model writes about the results. */
export type Explanation =
  | { readonly step: 'none' }
  | { readonly step: 'waiting' }
  | { readonly step: 'streaming' | 'done'; readonly text: string }
  /** `reason` is a whole sentence. */
  | { readonly step: 'missing'; readonly reason: string };

/** Results as far as they are loaded. */
export interface Found {
  readonly hits: readonly Hit[];
  readonly latencyMs: number;
  readonly cached: boolean;
  /** How long each stage took, by name. */
  readonly timing: Readonly<Record<string, number>>;
  /** The end of the query was too much for the model to read. */
  readonly isTruncated: boolean;
  /** What goes on from here; null at the end. */
  readonly nextCursor: string | null;
  /** Results that probably don't belong were left out at the end. */
  readonly isCut: boolean;
  /** Why nobody put the results in order who was asked to; a whole sentence. */
  readonly remark?: string | undefined;
}

export interface TurnView {
  /** `waiting`: nobody has looked at it yet. */
  readonly status: 'waiting' | 'searching' | 'shown' | 'failed';
  /** Stays while it is searched anew, and goes when that fails. */
  readonly found: Found | undefined;
  /** Why there are no results, while `failed`. */
  readonly notice: Notice | undefined;
  readonly more: 'idle' | 'busy' | Notice;
  readonly explanation: Explanation;
}

/** How what somebody typed was taken, where it referred to the turn before. */
export interface Understood {
  readonly typed: string;
  /** Such as "Without people". */
  readonly as: string;
}

/** One search of the conversation. */
export interface Turn {
  /** Of this turn alone, while the page is open. */
  readonly key: number;
  readonly search: ReadonlySignal<ParsedSearch>;
  /** What the search box would have to say for it. */
  readonly text: ReadonlySignal<string>;
  readonly understood: ReadonlySignal<Understood | undefined>;
  readonly view: ReadonlySignal<TurnView>;
  /** Asks, unless it was asked already. */
  start(): void;
  /** Asks once more, as after a failure. */
  again(): void;
  change(search: ParsedSearch, understood?: Understood): void;
  /** Loads what follows the results. */
  more(): void;
  /** Shows also results that probably don't belong. */
  showLessCertain(): void;
  /** Shows a picture no more: it was removed. */
  forget(id: string): void;
  /** What was typed is entered: from now on a language model may be asked as well. */
  settle(): void;
  /** Ends whatever is under way; `start` takes it up again. */
  stop(): void;
}
