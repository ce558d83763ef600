import * as z from 'zod';

/** Begins a list that is read page by page. */
export const firstCursor = '*';

/** `*`, or the name of a list (128 random bits) and the place in it of the page's first result. */
export const Cursor = z
  .string()
  .regex(/^(\*|[A-Za-z0-9_-]{22}\.[1-9][0-9]{0,2})$/, 'must be "*" or the next_cursor of a page');
export type Cursor = z.infer<typeof Cursor>;

export interface Place {
  readonly list: string;
  /** Results before it. */
  readonly at: number;
}

export function writeCursor({ list, at }: Place): Cursor {
  return `${list}.${at}`;
}

/** The place that a cursor names, of those but the first. */
export function readCursor(cursor: Cursor): Place {
  const [list = '', at] = cursor.split('.', 2);
  return { list, at: Number(at) };
}
