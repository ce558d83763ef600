import { batch } from '@preact/signals';
import type { ConversationState } from './conversation-state.ts';
import { commitDraft, dropDraft, lastOf, placeOf } from './conversation-state.ts';
import type { ConversationParts } from './conversation.ts';
import { createLatest, pause } from './latest.ts';
import type { Refined } from './refine.ts';
import { refine } from './refine.ts';
import { refusal } from './turn-request.ts';
import type { Turn, Understood } from './types.ts';

const debounceMs = 150;

export interface Composing {
  /**
   * What is in the box now; it is searched for once nobody types, and not while a letter is put
   * together.
   */
  type(text: string, isComposing?: boolean): void;
  /** Enter: what is in the box becomes a turn. */
  submit(): void;
  /** Escape: forgets what is in the box. */
  clear(): void;
  /** Brings a turn's text back into the box; what is made of it takes the turn's place. */
  edit(turn: Turn): void;
  editLast(): boolean;
}

export function createComposing(state: ConversationState, parts: ConversationParts): Composing {
  const typing = createLatest();
  const { places } = parts;

  async function draftSoon(): Promise<void> {
    const signal = typing.next();
    await pause(debounceMs, signal);
    if (!signal.aborted) draftNow(state, parts);
  }

  return {
    type(text, isComposing = false) {
      state.input.value = text;
      if (isComposing) typing.cancel();
      else void draftSoon();
    },
    submit() {
      typing.cancel();
      submit(state, parts);
    },
    clear() {
      typing.cancel();
      dropDraft(state);
      places.type(placeOf(state));
    },
    edit: (turn) => edit(state, turn),
    editLast() {
      const last = state.committed.peek().at(-1);
      if (last) edit(state, last);
      return last !== undefined;
    },
  };
}

/** The draft becomes what the box says, at once. */
function draftNow(state: ConversationState, parts: ConversationParts): void {
  const text = state.input.peek().trim();
  const refined = text === '' ? undefined : refineNow(state, parts, text);
  batch(() => showDraft(state, parts, text, refined));
  parts.places.type(placeOf(state));
}

function submit(state: ConversationState, parts: ConversationParts): void {
  draftNow(state, parts);
  if (!state.draft.peek()) return;
  if (repeatsLast(state)) dropDraft(state);
  else commitDraft(state);
  parts.places.type(placeOf(state));
  parts.places.settle();
}

function edit(state: ConversationState, turn: Turn): void {
  batch(() => {
    dropDraft(state);
    state.editing.value = turn;
    state.input.value = turn.text.peek();
  });
}

function refineNow(state: ConversationState, parts: ConversationParts, text: string): Refined {
  const last = lastOf(state);
  const shown = last ?? state.committed.peek().at(-1);
  return refine(text, {
    last: last?.search.peek(),
    hits: shown?.view.peek().found?.hits ?? [],
    current: state.current.peek(),
    facets: parts.facets(),
  });
}

function showDraft(
  state: ConversationState,
  parts: ConversationParts,
  text: string,
  refined: Refined | undefined,
): void {
  const { draft, hint } = state;
  const refused = refined && (refined.kind === 'hint' ? refined.hint : refusal(refined.search));
  if (!refined || refined.kind === 'hint' || refused !== undefined) {
    // Or else Enter would make a turn of what the box said before.
    draft.peek()?.stop();
    draft.value = undefined;
    hint.value = refused;
    return;
  }
  const { search, as } = refined;
  hint.value = search.ignored[0]?.reason;
  const understood: Understood | undefined = as === undefined ? undefined : { typed: text, as };
  const present = draft.peek();
  if (present) return present.change(search, understood);
  const made = parts.createTurn(search, { understood, isDraft: true });
  draft.value = made;
  made.start();
}

/** Whether the box says what the last turn says already. */
function repeatsLast({ committed, draft, editing }: ConversationState): boolean {
  return !editing.peek() && draft.peek()?.text.peek() === committed.peek().at(-1)?.text.peek();
}
