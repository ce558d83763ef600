import { placeHref } from './place.ts';
import type { ServerFacts } from './server-facts.ts';
import { canUpload } from './uploads-state.ts';
import { countPictures } from './words.ts';

const examples = [
  'a dog',
  'a red car',
  'a boat on the sea',
  'musical instruments',
  'fruit -red',
  'sun +cloud',
];

/** What the empty page says above the search box. */
export function Hero({ facts }: { readonly facts: ServerFacts }) {
  const indexed = facts.indexed.value;
  const text =
    indexed === null || indexed === 0
      ? 'Describe a picture in your own words.'
      : `Describe it in your own words to search ${countPictures(indexed)}.`;
  return (
    <div class="hero">
      <h1>What are you looking for?</h1>
      <p>{text}</p>
    </div>
  );
}

/** What the empty page offers under it. */
export function Examples({ facts }: { readonly facts: ServerFacts }) {
  if (facts.indexed.value === 0) return <NoPictures />;
  return (
    <section class="examples" aria-label="Ways to search">
      <nav aria-label="Example searches">
        <ul class="examples-list">
          {examples.map((query) => (
            <li key={query}>
              <a class="chip" href={placeHref({ turns: [query], image: null })} data-go>
                {query}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <p class="examples-help">
        A minus leaves things out, a plus adds to the search, quotes keep words together. Then go on
        in your own words: “without people”, “more like the second”.
      </p>
    </section>
  );
}

export function NoPictures() {
  return (
    <div class="notice">
      <p class="notice-title">There are no pictures here yet</p>
      <p>
        Index a folder with <code>npm run index -- &lt;folder&gt;</code> and load this page again
        {canUpload.value && ', or add some here'}.
      </p>
    </div>
  );
}
