import type { ObjectReader } from '../core/object-store.ts';
import type { EdgeParts } from '../edge/app.ts';

/** Where pictures go that are uploaded to this process, and what brings them into the index. */
export interface Intake {
  readonly edge: Pick<EdgeParts, 'uploads' | 'uploadForms' | 'connectTo'>;
  /** The folder or the bucket that a picture came from. */
  readonly objectsOf: (root: string) => ObjectReader;
  /** Lines for whoever started it. */
  readonly says: readonly string[];
  /** Takes no more, and waits for what is under way; the rest is done after the next start. */
  close(): Promise<void>;
}
