import type { Image } from '../core/model.ts';
import { createKeyForm } from './api-key.ts';
import { api } from './api.ts';
import { element } from './element.ts';
import type { Problem } from './client-answer.ts';
import { sentence } from './problem.ts';
import { isUploaded } from './words.ts';

export interface RemovalOptions {
  /** Whether the server takes pictures, and so lets go of them. */
  readonly canRemove: Promise<boolean>;
  readonly onRemoved: (id: string) => void;
}

/** A button that removes a picture that was uploaded, once one has said so twice. */
export function createRemoval(image: Image, options: RemovalOptions): HTMLElement | undefined {
  if (!isUploaded(image.metadata)) return undefined;
  const place = element('div', { class: 'removal' });

  function offer(): HTMLButtonElement {
    const button = createButton('Delete', ask);
    place.replaceChildren(button);
    return button;
  }

  function ask(): void {
    const keep = createButton('Keep', () => offer().focus());
    const remove = createButton('Delete', () => void act());
    remove.classList.add('danger');
    const question = element('p', {}, 'Delete this picture for good?');
    // Where the first button was, in case of a double click.
    place.replaceChildren(question, keep, remove);
    keep.focus();
  }

  async function act(): Promise<void> {
    const status = element('p', { tabindex: -1 }, 'Deleting…');
    place.replaceChildren(status);
    // The button that had the focus is gone.
    status.focus();
    const answer = await api.remove(image.id);
    if (answer.ok || answer.problem.code === 'not_found') return options.onRemoved(image.id);
    const again = () => void act();
    const isKeyWanted = [401, 403].includes(answer.status);
    const remedy = isKeyWanted ? createKeyForm(again) : createButton('Try again', again);
    const hadFocus = document.activeElement === status;
    place.replaceChildren(element('p', { role: 'alert' }, reasonOf(answer.problem)), remedy);
    if (hadFocus) (remedy.querySelector('input') ?? remedy).focus();
  }

  void options.canRemove.then((can) => can && offer());
  return place;
}

function reasonOf({ code, status, title, detail }: Problem): string {
  if (code === 'unreachable') return 'The server does not answer.';
  if (status === 401) return 'This needs an API key.';
  if (status === 403) return 'This API key may not delete pictures.';
  return sentence(detail) || sentence(title);
}

function createButton(name: string, act: () => void): HTMLButtonElement {
  const button = element('button', { class: 'button', type: 'button' }, name);
  button.addEventListener('click', act);
  return button;
}
