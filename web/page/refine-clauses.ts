import type { Reference } from './refine-reference.ts';
import { readReference } from './refine-reference.ts';

interface Said {
  readonly text: string;
  /** What is enumerated in it: "people and cars" are two. */
  readonly items: readonly string[];
}

/** One thing that is asked for; `words` is whatever is nothing else. */
export type Clause =
  | (Said & { readonly kind: 'exclude' | 'only' | 'also' | 'words' })
  | (Said & { readonly kind: 'like'; readonly reference: Reference });

/** What cannot be taken for anything until more is typed. */
export const unfinished =
  /^(?:but|and|with|without|no|not|only|also|plus|less|fewer|except|(?:show me )?more|(?:more |similar |other )?(?:like|to)(?: the)?)$/i;

const negatives =
  '(?:without|with no|with fewer|with less|no|not|minus|except(?: for)?|excluding|exclude|remove|hide|leave out|fewer|less)(?: any| the| so many| so much| more)?';

const patterns = {
  exclude: new RegExp(`^${negatives} (?<rest>.+)$`, 'i'),
  only: /^(?:show(?: me)? )?(?:only|just|nothing but)(?: the| pictures of| in)? (?<rest>.+)$/i,
  also: /^(?:also|plus|with|add|more of)(?: also| some| a lot of)? (?<rest>.+)$/i,
  like: /^(?:(?:show|find|give)(?: me)? )?(?:(?:more|others?|some more|something|pictures|ones) )?(?:like|similar to) (?<rest>.+)$/i,
} as const;

/** Where something new begins: always at "but", at a comma or "and" before such a word alone. */
const separator =
  /(?:^|[\s,;]+)but\s+|[,;]\s*(?:and\s+)?(?=(?:without|no|not|only|with|also|plus)\s)|\s+and\s+(?=(?:without|no|not|only|with|also)\s)|\s+(?=without\s)/i;

const preamble = /^(?:(?:ok|okay|now|then|and|please|the same|same)[\s,]+)+(?=\S)/i;

/** Takes a sentence apart. The first clause is `words` where the sentence begins like any search. */
export function readClauses(text: string): readonly Clause[] {
  const whole = mask(
    text
      .replaceAll(/\s+/g, ' ')
      .trim()
      .replace(/[\s,.!]*(?:please|instead)?[.!]*$/i, ''),
  );
  const parts = whole.replace(preamble, '').split(separator);
  const begins = /^(?:and|but|the same but|same but)\s/i.test(whole);
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part, index) => {
      const clause = readClause(part);
      return clause.kind === 'words' && index === 0 && begins
        ? { ...clause, kind: 'also' }
        : clause;
    });
}

function readClause(part: string): Clause {
  for (const kind of ['exclude', 'only', 'like', 'also'] as const) {
    const rest = patterns[kind].exec(part)?.groups?.['rest'];
    if (rest === undefined) continue;
    if (kind !== 'like') return { kind, ...said(rest) };
    const reference = readReference(rest);
    if (reference) return { kind, reference, ...said(rest) };
  }
  const reference = /\b(?:ones?|pictures?|results?|photos?|images?)$/i.test(part)
    ? readReference(part)
    : undefined;
  return reference && reference.kind !== 'this'
    ? { kind: 'like', reference, ...said(part) }
    : { kind: 'words', ...said(part) };
}

function said(rest: string): Said {
  const items = rest.split(
    /\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|nor)\s+(?:the\s+|any\s+|no\s+)?/i,
  );
  return {
    text: unmask(rest),
    items: items.map(unmask).filter((item) => item !== ''),
  };
}

/** Stands for a space; nobody types it. */
const joint = '\uE000';

/** What belongs together has other spaces, so that nothing is parted there. */
function mask(text: string): string {
  return text.replaceAll(/["“”„][^"“”„]*["“”„]|\bblack and white\b/gi, (held) =>
    held.replaceAll(' ', joint),
  );
}

function unmask(text: string): string {
  return text
    .replaceAll(joint, ' ')
    .replaceAll(/["“”„]/g, '')
    .trim();
}
