import type { Signal } from '@preact/signals';
import { Icon } from './icons.tsx';
import type { IconName } from './icons.tsx';
import type { PageState } from './page-state.ts';

/** What a language model may do with results; nothing where the server has none. */
export function WishToggles({
  page: { facts, wishes, conversation },
}: {
  readonly page: PageState;
}) {
  const { explanation, rerank } = facts.features.value;
  if (!explanation && !rerank) return null;
  const askLastAgain = () => conversation.turns.peek().at(-1)?.again();
  return (
    <div class="wishes" role="group" aria-label="What a language model does">
      {explanation && (
        <Toggle wish={wishes.explanation} icon="words" onOn={askLastAgain} text="Explain results" />
      )}
      {rerank && (
        <Toggle wish={wishes.rerank} icon="check" onOn={askLastAgain} text="Check the best ones" />
      )}
    </div>
  );
}

interface ToggleProps {
  readonly wish: Signal<boolean>;
  readonly icon: IconName;
  readonly text: string;
  readonly onOn: () => void;
}

function Toggle({ wish, icon, text, onOn }: ToggleProps) {
  return (
    <button
      class="chip toggle"
      type="button"
      aria-pressed={wish.value}
      onClick={() => {
        wish.value = !wish.peek();
        if (wish.peek()) onOn();
      }}
    >
      <Icon name={icon} />
      {text}
    </button>
  );
}
