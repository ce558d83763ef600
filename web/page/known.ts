import type { Hit, Image } from '../../core/model.ts';

/** Pictures that need not be asked for again, by id: all that were found, and what was added or opened. */
export const known = new Map<string, Image | Hit>();
