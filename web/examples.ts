import { element, find } from './element.ts';
import { createNoPicturesNotice } from './notice.ts';
import { placeHref } from './place.ts';
import { countPictures } from './words.ts';

const examples = [
  'a dog',
  'something sweet to eat',
  'a red car',
  'musical instruments',
  'a boat on the sea',
  'rainy weather',
];

/** What the empty page offers; `indexed` is null where the number of pictures is not known. */
export function showExamples(indexed: number | null): void {
  const nav = find('examples', HTMLElement);
  if (indexed === 0) return nav.replaceChildren(createNoPicturesNotice());
  if (indexed !== null) {
    const text = `Describe it in your own words to search ${countPictures(indexed)}.`;
    find('count', HTMLElement).textContent = text;
  }
  nav.replaceChildren(
    ...examples.map((query) =>
      element(
        'a',
        { class: 'chip', 'data-go': true, href: placeHref({ query, image: null }) },
        query,
      ),
    ),
  );
}
