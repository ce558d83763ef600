import { useRef } from 'preact/hooks';
import type { Conversation } from './conversation.ts';
import { focusBox, focusNewestResults } from './focus.ts';
import { Icon } from './icons.tsx';
import type { PageState } from './page-state.ts';
import { useComposerHeight } from './use-composer-height.ts';
import { WishToggles } from './wish-toggles.tsx';

/** The search box: in the middle at first, then at the bottom of the window. */
export function Composer({ page }: { readonly page: PageState }) {
  const { conversation } = page;
  const composer = useRef<HTMLDivElement>(null);
  useComposerHeight(composer);
  const isFirst = conversation.turns.value.length === 0;
  return (
    <div ref={composer} class="composer" role="search">
      <form
        id="search"
        class="search"
        action="/"
        onSubmit={(event) => {
          event.preventDefault();
          conversation.submit();
        }}
      >
        <Icon name="search" />
        <Box conversation={conversation} placeholder={placeholderOf(conversation, isFirst)} />
        <kbd aria-hidden="true">/</kbd>
        <Clear conversation={conversation} />
        <button class="round send" type="submit" aria-label="Search">
          <Icon name="send" />
        </button>
      </form>
      <div class="composer-foot">
        <p id="query-hint" class="hint" role="status">
          {conversation.hint.value ?? ''}
        </p>
        <WishToggles page={page} />
      </div>
    </div>
  );
}

function Clear({ conversation }: { readonly conversation: Conversation }) {
  return (
    <button
      id="clear"
      class="round clear"
      type="button"
      aria-label="Clear the search"
      onClick={() => {
        conversation.clear();
        focusBox();
      }}
    >
      <Icon name="close" />
    </button>
  );
}

function placeholderOf({ editing }: Conversation, isFirst: boolean): string {
  if (editing.value) return 'Change this search';
  return isFirst ? 'Describe a picture' : 'Refine it, or search anew';
}

interface BoxProps {
  readonly conversation: Conversation;
  readonly placeholder: string;
}

function Box({ conversation, placeholder }: BoxProps) {
  return (
    <input
      id="query"
      name="q"
      type="search"
      aria-label="Search pictures"
      aria-describedby="query-hint"
      aria-keyshortcuts="/"
      placeholder={placeholder}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      enterkeyhint="search"
      autofocus
      value={conversation.input.value}
      onInput={(event) => conversation.type(event.currentTarget.value, event.isComposing)}
      // No input event follows the end of a composition, as of Japanese or Chinese words.
      onCompositionEnd={(event) => conversation.type(event.currentTarget.value)}
      onKeyDown={(event) => onKey(event, conversation)}
    />
  );
}

function onKey(event: KeyboardEvent, conversation: Conversation): void {
  if (event.isComposing) return;
  const { input } = conversation;
  const isEmpty = input.peek() === '';
  if (event.key === 'ArrowDown' && focusNewestResults()) event.preventDefault();
  if (event.key === 'ArrowUp' && isEmpty && conversation.editLast()) event.preventDefault();
  if (event.key !== 'Escape') return;
  event.preventDefault();
  if (isEmpty && event.currentTarget instanceof HTMLElement) event.currentTarget.blur();
  else conversation.clear();
}
