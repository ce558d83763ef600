import type { Conversation } from './conversation.ts';
import { describe } from './describe.ts';
import { focusBox, focusTurn } from './focus.ts';
import { Icon } from './icons.tsx';
import type { Turn } from './types.ts';

interface ToolProps {
  readonly turn: Turn;
  readonly conversation: Conversation;
}

export function TurnTools({ turn, conversation }: ToolProps) {
  const name = describe(turn.search.value);
  return (
    <div class="turn-tools">
      <button
        class="round"
        type="button"
        aria-label={`Edit the search: ${name}`}
        title="Edit this search"
        onClick={() => {
          conversation.edit(turn);
          queueMicrotask(focusBox);
        }}
      >
        <Icon name="edit" />
      </button>
      <button
        class="round"
        type="button"
        aria-label={`Remove the search: ${name}`}
        title="Remove this search"
        onClick={() => {
          const all = conversation.turns.peek();
          const next = all[all.indexOf(turn) + 1] ?? all[all.indexOf(turn) - 1];
          conversation.remove(turn);
          if (next) focusTurn(next.key);
          else focusBox();
        }}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

/** How words were taken that can mean two things, with the other one a click away. */
export function UnderstoodNote({ turn, conversation }: ToolProps) {
  const understood = turn.understood.value;
  if (!understood) return null;
  return (
    <p class="understood">
      <span>Understood as: {understood.as}.</span>{' '}
      <button
        class="text-button"
        type="button"
        onClick={() => {
          conversation.takeLiterally(turn);
          focusTurn(turn.key);
        }}
      >
        Search for “{understood.typed}” instead
      </button>
    </p>
  );
}
