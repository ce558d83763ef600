import { useLayoutEffect, useRef } from 'preact/hooks';
import { RoundButton } from './round-button.tsx';
import { parsePlace, placeHref } from './place.ts';
import { Preview } from './preview.tsx';
import type { UploadEntry } from './upload-queue.ts';
import { describeUpload, type UploadState } from './upload-state.ts';
import { readableName } from './words.ts';

/** One file in the list: its picture, its name, how far it is, and what can be done about it. */
export function UploadRow({ entry }: { readonly entry: UploadEntry }) {
  const { file } = entry;
  const state = entry.state.value;
  const item = useRef<HTMLLIElement>(null);
  const hadFocus = item.current?.contains(document.activeElement) === true;

  // What is offered changes under whoever is at it.
  useLayoutEffect(() => {
    if (!hadFocus) return;
    const action = item.current?.querySelector<HTMLElement>('.upload-action > *');
    (action ?? item.current)?.focus();
  }, [state.step]);

  return (
    <li ref={item} class="upload" data-step={state.step} tabIndex={-1}>
      <Preview file={file} />
      <span class="upload-text">
        <span class="upload-name" dir="auto" title={file.name}>
          {file.name}
        </span>
        <span class="upload-state">{describeUpload(state)}</span>
        {state.step === 'sending' && (
          <progress max={1} value={state.share} aria-label={`Sending ${file.name}`} />
        )}
      </span>
      <span class="upload-action">
        <Action entry={entry} state={state} name={readableName(file.name)} />
      </span>
    </li>
  );
}

interface ActionProps {
  readonly entry: UploadEntry;
  readonly state: UploadState;
  readonly name: string;
}

function Action({ entry, state, name }: ActionProps) {
  const isRetriable =
    state.step === 'cancelled' || (state.step === 'failed' && state.remedy === 'retry');
  if (isRetriable) {
    const label = `Try ${name} again`;
    return (
      <button class="link" type="button" aria-label={label} onClick={entry.retry}>
        Try again
      </button>
    );
  }
  if (state.step === 'waiting' || state.step === 'sending') {
    return <RoundButton icon="close" kind="cancel" name={`Cancel ${name}`} act={entry.cancel} />;
  }
  if (state.step !== 'done') return null;
  const { id } = state;
  return (
    <a
      class="link"
      href={hrefOf(id)}
      data-go
      aria-label={`Show ${name}`}
      // It lies over the results that are there by then.
      onClick={({ currentTarget }) => (currentTarget.href = hrefOf(id))}
    >
      Show
    </a>
  );
}

function hrefOf(id: string): string {
  return placeHref({ ...parsePlace(location.href), image: id });
}
