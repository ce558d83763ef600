/** Where an item of a list is on the screen. */
export interface Place {
  readonly left: number;
  readonly right: number;
  readonly top: number;
}

/**
 * Which item a key leads to from one: `leave` above the first row, `stay` where there is nothing
 * further, undefined where the key means nothing here.
 */
export function targetOf(
  key: string,
  index: number,
  places: readonly Place[],
): number | 'leave' | 'stay' | undefined {
  const last = places.length - 1;
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, index - 1);
    case 'ArrowRight':
      return Math.min(last, index + 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'ArrowUp':
      return nearestIn(-1, index, places) ?? 'leave';
    case 'ArrowDown':
      return nearestIn(1, index, places) ?? 'stay';
    default:
      return undefined;
  }
}

/** The item of the row above or below whose middle is nearest. */
function nearestIn(direction: 1 | -1, index: number, places: readonly Place[]): number | undefined {
  const from = places[index];
  if (!from) return undefined;
  const beyond = places.filter(({ top }) => (top - from.top) * direction > 1);
  const tops = beyond.map(({ top }) => top);
  const row = direction === 1 ? Math.min(...tops) : Math.max(...tops);
  const middle = (place: Place) => (place.left + place.right) / 2;
  let nearest: number | undefined;
  let least = Infinity;
  for (const [at, place] of places.entries()) {
    const distance = Math.abs(middle(place) - middle(from));
    if (Math.abs(place.top - row) > 1 || distance >= least) continue;
    nearest = at;
    least = distance;
  }
  return nearest;
}
