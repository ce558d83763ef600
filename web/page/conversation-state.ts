import type { ReadonlySignal, Signal } from '@preact/signals';
import { batch, computed, signal } from '@preact/signals';
import { mostTurns } from './limits.ts';
import type { Place } from './place.ts';
import type { Turn } from './types.ts';

export interface ConversationState {
  /** What was searched with Enter, oldest first. */
  readonly committed: Signal<readonly Turn[]>;
  /** What is in the box, while somebody types. */
  readonly draft: Signal<Turn | undefined>;
  /** The turn that the draft stands in for. */
  readonly editing: Signal<Turn | undefined>;
  readonly input: Signal<string>;
  /** What to do about what is in the box; a whole sentence. */
  readonly hint: Signal<string | undefined>;
  /** The picture in the detail view. */
  readonly image: Signal<string | null>;
  /** The picture that is open, or was last. */
  readonly current: Signal<string | undefined>;
  /** All that is shown: the draft in its place. */
  readonly turns: ReadonlySignal<readonly Turn[]>;
}

export function createConversationState(): ConversationState {
  const committed = signal<readonly Turn[]>([]);
  const draft = signal<Turn | undefined>(undefined);
  const editing = signal<Turn | undefined>(undefined);
  const turns = computed(() => shown(committed.value, draft.value, editing.value));
  return {
    committed,
    draft,
    editing,
    input: signal(''),
    hint: signal<string | undefined>(undefined),
    image: signal<string | null>(null),
    current: signal<string | undefined>(undefined),
    turns,
  };
}

function shown(
  committed: readonly Turn[],
  draft: Turn | undefined,
  editing: Turn | undefined,
): readonly Turn[] {
  if (!draft) return committed;
  if (!editing || !committed.includes(editing)) return [...committed, draft].slice(-mostTurns);
  return committed.map((turn) => (turn === editing ? draft : turn));
}

/** The URL of what is shown now. */
export function placeOf({ turns, image }: ConversationState): Place {
  return { turns: turns.peek().map(({ text }) => text.peek()), image: image.peek() };
}

/** The search before what is typed: nothing of a turn that is being edited. */
export function lastOf({ committed, editing }: ConversationState): Turn | undefined {
  return editing.peek() ? undefined : committed.peek().at(-1);
}

/** Makes a turn of what is in the box, and empties the box. */
export function commitDraft(state: ConversationState): void {
  const entered = state.draft.peek();
  batch(() => {
    const kept = state.turns.peek();
    state.editing.peek()?.stop();
    state.committed.value = kept;
    dropDraft(state);
  });
  entered?.settle();
}

/** The draft is forgotten; nothing more is asked for it unless it became a turn. */
export function dropDraft(state: ConversationState): void {
  const { committed, draft, editing, input, hint } = state;
  const dropped = draft.peek();
  batch(() => {
    if (dropped && !committed.peek().includes(dropped)) dropped.stop();
    draft.value = undefined;
    editing.value = undefined;
    input.value = '';
    hint.value = undefined;
  });
}
