import { batch } from '@preact/signals';
import type { ParsedSearch } from '../query-syntax.ts';
import { emptySearch, formatQuery, parseQuery } from '../query-syntax.ts';
import type { Composing } from './composing.ts';
import { createComposing } from './composing.ts';
import type { ConversationState } from './conversation-state.ts';
import { commitDraft, createConversationState, dropDraft, placeOf } from './conversation-state.ts';
import { mostTurns } from './limits.ts';
import type { Place, Places } from './place.ts';
import type { Facet } from './refine-facets.ts';
import { refusal } from './turn-request.ts';
import type { TurnBeginning } from './turn-state.ts';
import type { Turn } from './types.ts';

export interface ConversationParts {
  readonly places: Places;
  readonly facets: () => readonly Facet[];
  readonly createTurn: (search: ParsedSearch, beginning?: TurnBeginning) => Turn;
}

/** The searches of the page, oldest first, and all that can be done with them. */
export interface Conversation extends ConversationState, Composing {
  /** Makes the page be what the URL says. */
  show(): void;
  /** Goes where a link of the page leads. */
  follow(place: Place): void;
  /** Opens another picture in place of the open one. */
  step(id: string): void;
  closeImage(): void;
  /** Whether the open picture was opened from another one. */
  canGoBack(): boolean;
  /** Searches for the same turn in another way. */
  change(turn: Turn, search: ParsedSearch): void;
  /** Searches for what was typed as it is, where it was taken for a refinement. */
  takeLiterally(turn: Turn): void;
  remove(turn: Turn): void;
  moreLike(id: string): void;
  /** A picture was removed from the index. */
  forget(id: string): void;
}

export function createConversation(parts: ConversationParts): Conversation {
  const state = createConversationState();
  const { places } = parts;

  function show(): void {
    const place = places.current();
    // What is shown of an address is entered, also where somebody was still typing it.
    places.settle();
    batch(() => {
      arrange(state, parts, place.turns);
      setImage(state, place.image);
    });
    state.turns.peek().at(-1)?.start();
  }

  return {
    ...state,
    ...createComposing(state, parts),
    ...createChanging(state, parts),
    show,
    follow({ turns, image }) {
      if (state.draft.peek()) commitDraft(state);
      const here = placeOf(state).turns;
      // A picture is looked at within the conversation, wherever its link would lead by itself.
      places.goTo({ turns: image === null ? turns : here, image });
      show();
    },
    step(id) {
      places.swapImage(id);
      setImage(state, id);
    },
    closeImage() {
      if (places.depth() > 0) places.leaveDetail();
      else setImage(state, null);
    },
    canGoBack: () => places.depth() > 1,
    forget(id) {
      if (state.current.peek() === id) state.current.value = undefined;
      for (const turn of state.turns.peek()) turn.forget(id);
    },
  };
}

function createChanging(
  state: ConversationState,
  parts: ConversationParts,
): Pick<Conversation, 'change' | 'takeLiterally' | 'remove' | 'moreLike'> {
  const { places } = parts;

  function change(turn: Turn, search: ParsedSearch): void {
    const refused = refusal(search);
    state.hint.value = refused;
    if (refused !== undefined) return;
    turn.change(search);
    const isDraft = turn === state.draft.peek();
    // Or else Enter would take the change back.
    if (isDraft || turn === state.editing.peek()) state.input.value = formatQuery(search);
    if (isDraft) places.type(placeOf(state));
    else places.goTo(placeOf(state));
  }

  return {
    change,
    takeLiterally(turn) {
      const typed = turn.understood.peek()?.typed;
      if (typed !== undefined) change(turn, parseQuery(typed));
    },
    remove(turn) {
      turn.stop();
      batch(() => {
        if (turn === state.draft.peek() || turn === state.editing.peek()) dropDraft(state);
        state.committed.value = state.committed.peek().filter((each) => each !== turn);
      });
      places.goTo(placeOf(state));
    },
    moreLike: (id) => add(state, parts, { ...emptySearch, like: [id] }),
  };
}

function add(
  state: ConversationState,
  { places, createTurn }: ConversationParts,
  search: ParsedSearch,
): void {
  const made = createTurn(search);
  batch(() => {
    // What is still being typed stays: it may have found what more is wanted of.
    if (state.draft.peek()) commitDraft(state);
    else dropDraft(state);
    state.image.value = null;
    state.committed.value = [...state.committed.peek(), made].slice(-mostTurns);
  });
  made.start();
  places.goTo(placeOf(state));
}

/** The turns of a URL; what is there already stays as it is. */
function arrange(
  state: ConversationState,
  { createTurn }: ConversationParts,
  texts: readonly string[],
): void {
  const before = [...state.turns.peek()];
  const pool = new Set([...before, ...state.committed.peek()]);
  const take = (text: string, index: number): Turn => {
    const same = [before[index], ...pool].find(
      (turn) => turn && pool.has(turn) && turn.text.peek() === formatQuery(parseQuery(text)),
    );
    if (same) pool.delete(same);
    return same ?? createTurn(parseQuery(text));
  };
  const arranged = texts.map(take);
  state.committed.value = arranged;
  dropDraft(state);
  for (const turn of pool) turn.stop();
  for (const turn of arranged) turn.settle();
}

function setImage({ image, current }: ConversationState, id: string | null): void {
  image.value = id;
  if (id !== null) current.value = id;
}
