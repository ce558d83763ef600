import type { limits as serverLimits } from '../../core/model.ts';

/** The server's own, which the types keep the same: its schemas are no part of the page. */
export const limits: Pick<typeof serverLimits, 'queryCharacters' | 'topK' | 'parts'> = {
  queryCharacters: 512,
  topK: 100,
  parts: 8,
};

/** Results of one page of a list. */
export const pageTopK = 24;

/** Searches of one conversation; the oldest go. */
export const mostTurns = 20;

/** Of an address: servers refuse what is much longer, and with it the page when it is loaded again. */
export const longestHref = 8000;

/** Begins a list that is read page by page. */
export const firstCursor: string = '*';
