import { useEffect, useRef } from 'preact/hooks';
import { keepKey } from './api-key.ts';

interface ApiKeyFormProps {
  /** Tries again what wanted a key. */
  readonly again: () => void;
}

let isBeingTried = false;

/** Asks for a key, keeps it, and tries again with it. */
export function ApiKeyForm({ again }: ApiKeyFormProps) {
  const input = useRef<HTMLInputElement>(null);

  // A key that was refused is typed again where the first one was; but one that was good for a while
  // may be asked for again while somebody types something else.
  useEffect(() => {
    const isTyping = document.activeElement instanceof HTMLInputElement;
    if (isBeingTried && !isTyping) input.current?.focus();
    isBeingTried = false;
  }, []);

  function submit(event: Event): void {
    event.preventDefault();
    keepKey(input.current?.value.trim() ?? '');
    isBeingTried = true;
    again();
  }

  return (
    <form class="key-form" onSubmit={submit}>
      <input
        ref={input}
        type="password"
        name="api-key"
        aria-label="API key"
        placeholder="API key"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        required
      />
      <button class="button" type="submit">
        Use this key
      </button>
    </form>
  );
}
