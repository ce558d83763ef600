import type { Async } from '../core/failure.ts';
import type { ImageRecord } from '../core/model.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';

export interface Removal {
  /** The folder, or `s3://bucket`. */
  readonly root: string;
  readonly isTaken?: (record: ImageRecord) => boolean;
  /** Told of them before they go. */
  readonly onRecords?: (ids: readonly string[]) => Promise<void>;
}

/** Takes pictures out of the index, and nothing else. The exit code. */
export async function removeRecords(
  store: VectorStore,
  { root, isTaken = () => true, onRecords }: Removal,
): Async<number> {
  let removed = 0;
  for await (const page of store.scan()) {
    if (!page.ok) return page;
    const ours = page.value.filter((record) => record.origin.root === root && isTaken(record));
    const ids = ours.map(({ id }) => id);
    if (ids.length > 0) await onRecords?.(ids);
    const done = await store.remove(ids);
    if (!done.ok) return done;
    removed += ids.length;
  }
  process.stdout.write(`Removed ${removed} pictures of ${root} from the index.\n`);
  return store.optimize().then((done) => (done.ok ? ok(0) : done));
}
