import favicon from '../favicon.svg';
import { AddPictures } from './add-pictures.tsx';
import { focusBox } from './focus.ts';
import { Icon } from './icons.tsx';

export function Header() {
  return (
    <header class="top">
      <a
        class="skip"
        href="#query"
        onClick={(event) => {
          event.preventDefault();
          focusBox();
        }}
      >
        Skip to the search box
      </a>
      <a class="brand" href="/" data-go>
        <img src={favicon} alt="" width="28" height="28" />
        <span>Picture search</span>
      </a>
      <div class="top-actions">
        <a class="button quiet new-search" href="/" data-go>
          <Icon name="search" />
          <span>New search</span>
        </a>
        <AddPictures />
      </div>
    </header>
  );
}
