/**
 * The numbers that a model has named, best first, in an answer that should be `{"best": [3, 1]}`. Models
 * that were not trained to keep to a schema wrap it in a code fence or in words, write numbers as
 * texts, or leave out all but the list: that is understood, and whatever else is in the list is left out.
 *
 * @param count How many pictures there are; they are numbered from 1.
 * @returns Empty for an answer that means nothing.
 */
export function readRerankAnswer(answer: string, count: number): number[] {
  const parsed = parseWithin(answer, '{', '}') ?? parseWithin(answer, '[', ']');
  return listIn(parsed)
    .map(toNumber)
    .filter((number) => Number.isInteger(number) && number >= 1 && number <= count);
}

/** Of the first such bracket to the last: words before and after it are no part of it. */
function parseWithin(answer: string, open: string, close: string): unknown {
  const from = answer.indexOf(open);
  const to = answer.lastIndexOf(close);
  if (from === -1 || to < from) return undefined;
  try {
    return JSON.parse(answer.slice(from, to + 1));
  } catch {
    return undefined;
  }
}

function listIn(parsed: unknown): readonly unknown[] {
  if (Array.isArray(parsed)) return parsed;
  if (typeof parsed !== 'object' || parsed === null || !('best' in parsed)) return [];
  return Array.isArray(parsed.best) ? parsed.best : [];
}

/** `3`, `"3"`, `"picture 3"`; NaN for anything else. */
function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  const [, digits] = (typeof value === 'string' && /^\D{0,12}(\d{1,3})\D?$/.exec(value)) || [];
  return Number(digits ?? Number.NaN);
}
