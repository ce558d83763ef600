import { abortFailure } from '../../core/failure.ts';
import { err, ok } from '../../core/result.ts';
import type { SnapshotStore } from '../../core/snapshots.ts';

/**
 * A store whose bytes stop to come, by a throw, when the signal says so: whoever takes them clears up what
 * there is of them, and what was captured is released.
 */
export function withinTime(store: SnapshotStore, signal: AbortSignal): SnapshotStore {
  return {
    kind: store.kind,
    async capture() {
      const captured = await store.capture();
      if (!captured.ok) return captured;
      if (signal.aborted) {
        await captured.value.release();
        return err(abortFailure(signal));
      }
      const files = captured.value.files.map(({ path, open }) => ({
        path,
        open: () => untilAborted(open(), signal),
      }));
      return ok({ ...captured.value, files });
    },
    restore: (info, read) => store.restore(info, (file) => untilAborted(read(file), signal)),
  };
}

/** Also where nothing comes any more. */
async function* untilAborted(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const source = content[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextUnlessAborted(source, signal);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not waited for: a source that is stuck would not come back.
    void source.return?.()?.then(undefined, () => undefined);
  }
}

/** With a promise for each: one that lasted would hold on to every chunk that it was raced against. */
async function nextUnlessAborted(
  source: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): Promise<IteratorResult<Uint8Array>> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([source.next(), promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
