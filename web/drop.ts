import { find } from './element.ts';

/** Lets files be dropped anywhere on the page. A browser would leave the page for them otherwise. */
export function listenToDrops(add: (files: FileList) => void): void {
  const veil = find('drop', HTMLElement);
  // Each element that the pointer comes to is entered before the last one is left.
  let depth = 0;

  function onDrag(name: 'dragenter' | 'dragover' | 'dragleave' | 'drop', act: () => void): void {
    addEventListener(name, (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      // Nothing is added from behind a picture.
      const isOpen = document.querySelector('dialog[open]') === null;
      event.dataTransfer.dropEffect = isOpen ? 'copy' : 'none';
      act();
      veil.hidden = depth === 0 || !isOpen;
      if (name === 'drop' && isOpen) add(event.dataTransfer.files);
    });
  }

  onDrag('dragenter', () => (depth += 1));
  onDrag('dragover', () => (depth = Math.max(depth, 1)));
  onDrag('dragleave', () => (depth = Math.max(depth - 1, 0)));
  onDrag('drop', () => (depth = 0));
}
