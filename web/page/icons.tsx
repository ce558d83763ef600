/** The symbols that index.html has. */
export type IconName =
  | 'search'
  | 'close'
  | 'back'
  | 'open'
  | 'add'
  | 'fold'
  | 'picture'
  | 'broken'
  | 'more'
  | 'like'
  | 'send'
  | 'edit'
  | 'words'
  | 'check';

/** Always beside a text or inside something with a name. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" aria-hidden="true">
      <use href={`#icon-${name}`} />
    </svg>
  );
}
