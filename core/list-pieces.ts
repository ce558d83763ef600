import { type Hit, limits } from './model.ts';

/** Longer pieces would hold up everybody else who asks the cache; a single result may be longer. */
const maxPieceLength = 250_000;

export interface ListPiece {
  /** The place of its first result in the list. */
  readonly start: number;
  /** Its results as JSON. */
  readonly text: string;
}

/** A list of results in pieces that a cache takes: as many as a page has, or fewer long ones. */
export function toPieces(results: readonly Hit[]): ListPiece[] {
  const pieces: ListPiece[] = [];
  let texts: string[] = [];
  let length = 0;
  const close = (end: number): void => {
    if (texts.length > 0) pieces.push({ start: end - texts.length, text: `[${texts.join(',')}]` });
    texts = [];
    length = 0;
  };
  for (const [place, hit] of results.entries()) {
    const text = JSON.stringify(hit);
    if (texts.length === limits.topK || length + text.length > maxPieceLength) close(place);
    texts.push(text);
    length += text.length;
  }
  close(results.length);
  return pieces;
}

/** The pieces that have the results from place `at` to before `end`. */
export function piecesBetween(
  { starts, total }: { readonly starts: readonly number[]; readonly total: number },
  at: number,
  end: number,
): number[] {
  const isAsked = (piece: number): boolean =>
    (starts[piece] ?? 0) < end && (starts[piece + 1] ?? total) > at;
  return [...starts.keys()].filter(isAsked);
}
