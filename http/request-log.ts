import type { Context } from 'hono';
import type { CacheState } from '../core/ports.ts';
import type { Timings } from '../core/timings.ts';

/** What a route knows about its request, for the one line that the log gets about it. */
export interface RequestNote {
  readonly cache?: CacheState | undefined;
  readonly timings?: Timings | undefined;
  /** What was searched for. Only its length is logged, unless a setting says otherwise. */
  readonly query?: string | undefined;
  /** The answer's body. Only its length is logged. */
  readonly responseText?: string | undefined;
}

const variable = 'requestLog';

/** Adds to what is known about a request; what was noted before stays. */
export function noteRequest(c: Context, note: RequestNote): void {
  c.set(variable, { ...readNote(c), ...note });
}

export function readNote(c: Context): RequestNote {
  return (c.get(variable) as RequestNote | undefined) ?? {};
}
