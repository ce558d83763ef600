import { keptKey } from './api-key.ts';
import { Icon } from './icons.tsx';
import { fetchWithKey } from './keyed-picture.ts';

/** Opens the file itself in a tab, with the kept key where that is needed. */
export function OriginalLink({ href }: { readonly href: string }) {
  async function follow(event: Event): Promise<void> {
    if (keptKey() === undefined || new URL(href).origin !== location.origin) return;
    event.preventDefault();
    const picture = await fetchWithKey(href);
    open(picture ? URL.createObjectURL(picture) : href, '_blank', 'noopener');
  }

  return (
    <a
      class="button"
      target="_blank"
      rel="noopener"
      href={href}
      onClick={(event) => void follow(event)}
    >
      Open original
      <Icon name="open" />
    </a>
  );
}
