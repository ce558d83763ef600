/**
 * What every benchmark asks for. They never change, so that two runs measure the same: 4 to 13 words,
 * as people write them.
 */
export const benchmarkQueries = [
  'a dog playing in the snow',
  'sunset over the sea',
  'a red car in a narrow street',
  'children blowing out the candles on a birthday cake',
  'an old stone bridge across a river',
  'a bowl of soup with fresh bread',
  'a city at night seen from above',
  'a woman reading in a cafe',
  'green apples on a wooden table',
  'a lighthouse in a storm',
  'two boats on a quiet lake',
  'a street market with fruit and fish',
  'a cyclist in a yellow jersey climbing a steep road in the fog',
  'a cat asleep on a sofa',
  'people dancing at a wedding in the evening',
] as const;

/** Four letters that differ from place to place, 456,976 of them. */
export function fourLetters(place: number): string {
  const letters = [place, place / 26, place / 26 ** 2, place / 26 ** 3].map((n) =>
    String.fromCharCode(97 + (Math.floor(n) % 26)),
  );
  return letters.join('');
}

/** One of the queries as it is. */
export function knownQuery(place: number): string {
  return benchmarkQueries[place % benchmarkQueries.length] ?? '';
}

/**
 * One of the queries with four letters behind it. It is the text that has to be new: another field
 * would miss the caches of answers too, but a service keeps the vectors of texts.
 */
export function freshQuery(place: number): string {
  return `${knownQuery(place)} ${fourLetters(place)}`;
}
