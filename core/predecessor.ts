import type { Async } from './failure.ts';
import type { VectorStore } from './ports.ts';

/** What was searched until its successor was published, where it is still there. It changes no more. */
export interface Predecessor {
  readonly store: Pick<VectorStore, 'get' | 'vectors' | 'scan' | 'scanPoints'>;
  /** Deletes it for good. */
  remove(): Async<void>;
}
