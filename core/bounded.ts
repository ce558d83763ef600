import { type Async, failure } from './failure.ts';
import type { Images } from './images.ts';
import { err } from './result.ts';
import type { Search } from './search.ts';

/** A number of places for work that runs at the same time. Nobody waits for one. */
export interface Places {
  /** How many are taken now. */
  taken(): number;
  /** Does the work when there is a place for it, else fails at once with `overloaded`. */
  use<T>(work: () => Async<T>): Async<T>;
}

export function createPlaces(max: number): Places {
  let taken = 0;
  return {
    taken: () => taken,
    async use(work) {
      if (taken >= max) return err(tooMany(max));
      taken += 1;
      try {
        return await work();
      } finally {
        taken -= 1;
      }
    },
  };
}

/**
 * A search that refuses what comes while all places are taken: with `overloaded`, at once. A queue
 * would grow until what is answered is answered too late, while whoever is refused may ask somebody
 * else.
 */
export function withBound(search: Search, places: Places): Search {
  return (query, context) => places.use(() => search(query, context));
}

/** The same for searches that begin from a picture; looking up one record costs next to nothing. */
export function withBoundedImages(images: Images, places: Places): Images {
  return {
    get: images.get,
    similar: (query, context) => places.use(() => images.similar(query, context)),
  };
}

function tooMany(max: number) {
  const detail = `Cannot search as too many searches are under way already: ${max}`;
  return failure('overloaded', detail, { retryAfterSeconds: 1 });
}
