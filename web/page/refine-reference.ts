/** What words point at among the results shown. */
export type Reference =
  | { readonly kind: 'places'; readonly places: readonly number[] }
  /** The last so many; the first are `places`. */
  | { readonly kind: 'last'; readonly count: number }
  | { readonly kind: 'this' }
  | { readonly kind: 'these' };

const ordinals =
  'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth'.split(' ');
const counts = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');

const noun = '(?:ones?|pictures?|results?|photos?|images?)';
const place = `(?:${ordinals.join('|')}|\\d{1,3}(?:st|nd|rd|th))`;
const number = `(?:${counts.join('|')}|\\d{1,3})`;
const and = '(?:,? and |, ?|,? or | ?& ?)';

const patterns = {
  run: new RegExp(`^(?:the )?(first|last) (${number})(?: ${noun})?$`, 'i'),
  last: new RegExp(`^the last(?: ${noun})?$`, 'i'),
  places: new RegExp(
    `^(?:the )?${place}(?: ${noun})?(?:${and}(?:the )?${place}(?: ${noun})?)*$`,
    'i',
  ),
  numbers: new RegExp(
    `^(?:numbers?|nos?\\.?|pictures?|results?|#) ?${'\\d{1,3}'}(?:${and}#?\\d{1,3})*$`,
    'i',
  ),
  this: new RegExp(`^(?:this|that|it|the open|the current)(?: ${noun})?$`, 'i'),
  these: new RegExp(`^(?:these|those|them|all of (?:these|them))(?: ${noun})?$`, 'i'),
} as const;

/** "the second one", "the first two", "numbers 2 and 5", "this"; undefined where it is none. */
export function readReference(text: string): Reference | undefined {
  const run = patterns.run.exec(text);
  if (run) return readRun(run[1] ?? '', readNumber(run[2] ?? ''));
  if (patterns.last.test(text)) return { kind: 'last', count: 1 };
  if (patterns.this.test(text)) return { kind: 'this' };
  if (patterns.these.test(text)) return { kind: 'these' };
  const isPlaces = patterns.places.test(text) || patterns.numbers.test(text);
  if (!isPlaces) return undefined;
  const named = text.toLowerCase().match(new RegExp(`${place}|\\d{1,3}`, 'gi')) ?? [];
  const places = [...new Set(named.map(readPlace))].filter((each) => each >= 1);
  return places.length === 0 ? undefined : { kind: 'places', places };
}

function readRun(end: string, count: number): Reference | undefined {
  if (count < 1) return undefined;
  if (end.toLowerCase() === 'last') return { kind: 'last', count };
  return { kind: 'places', places: Array.from({ length: count }, (_, index) => index + 1) };
}

function readNumber(text: string): number {
  const index = counts.indexOf(text.toLowerCase());
  return index === -1 ? Number.parseInt(text, 10) : index + 1;
}

function readPlace(text: string): number {
  const index = ordinals.indexOf(text.toLowerCase());
  return index === -1 ? Number.parseInt(text, 10) : index + 1;
}

export type Pointed =
  | { readonly ids: readonly string[]; readonly named: string }
  | { readonly hint: string };

/** The pictures meant, or a sentence that says why it is not clear which. */
export function pointAt(
  reference: Reference,
  hits: readonly { readonly id: string }[],
  current: string | undefined,
): Pointed {
  if (reference.kind === 'this') {
    if (current !== undefined) return { ids: [current], named: 'this picture' };
    if (hits.length > 0) return { hint: 'Say which: “more like the second”, or open a picture.' };
  }
  if (hits.length === 0) return { hint: 'There are no pictures above yet to be like.' };
  if (reference.kind === 'these') return { hint: 'Say which: “more like the first two”.' };
  const wanted =
    reference.kind === 'last'
      ? Array.from({ length: reference.count }, (_, index) => hits.length - index).toReversed()
      : reference.kind === 'places'
        ? reference.places
        : [];
  const ids = wanted.flatMap((at) => hits[at - 1]?.id ?? []);
  if (ids.length < wanted.length) {
    const many = hits.length === 1 ? 'is only 1 picture' : `are only ${hits.length} pictures`;
    return { hint: `There ${many} above.` };
  }
  return { ids, named: nameOf(reference, wanted) };
}

function nameOf(reference: Reference, wanted: readonly number[]): string {
  if (reference.kind === 'last') {
    return wanted.length === 1 ? 'the last' : `the last ${wanted.length}`;
  }
  const names = wanted.map((at) => ordinals[at - 1] ?? `number ${at}`);
  const isRun = wanted.length > 2 && wanted.every((at, index) => at === index + 1);
  if (isRun) return `the first ${wanted.length}`;
  const last = names.pop() ?? '';
  const joined = names.length === 0 ? last : `${names.join(', ')} and ${last}`;
  return joined.startsWith('number') ? joined : `the ${joined}`;
}
