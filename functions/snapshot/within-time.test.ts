import { describe, expect, it } from 'vitest';
import { ok } from '../../core/result.ts';
import type { SnapshotInfo, SnapshotStore } from '../../core/snapshots.ts';
import { expectFailure, expectOk } from '../../test/support/expect-ok.ts';
import { withinTime } from './within-time.ts';

const mebibyte = 2 ** 20;

function storeOf(open: () => AsyncIterable<Uint8Array>, onRelease = () => {}): SnapshotStore {
  const info = { collection: 'images', model: 'm', revision: '1', dimensions: 1, vectors: 1 };
  return {
    kind: 'qdrant',
    capture: async () =>
      ok({ info, files: [{ path: 'one', open }], release: async () => onRelease() }),
    restore: async (_, read) => {
      await Array.fromAsync(read({ path: 'one', bytes: 0, sha256: '' }));
      return ok(undefined);
    },
  };
}

async function* mebibytes(count: number): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n += 1) yield new Uint8Array(mebibyte);
}

describe('a store that has so much time', () => {
  it('holds on to nothing that went through', async () => {
    const store = withinTime(
      storeOf(() => mebibytes(1500)),
      new AbortController().signal,
    );
    const [file] = expectOk(await store.capture()).files;
    let bytes = 0;
    let most = 0;
    for await (const chunk of file?.open() ?? []) {
      bytes += chunk.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    expect(bytes).toBe(1500 * mebibyte);
    expect(most / mebibyte).toBeLessThan(700);
  });

  it('gives back what it captured too late', async () => {
    let released = 0;
    const over = AbortSignal.abort(new DOMException('over', 'TimeoutError'));
    const store = withinTime(
      storeOf(
        () => mebibytes(1),
        () => (released += 1),
      ),
      over,
    );
    expect(expectFailure(await store.capture()).code).toBe('timeout');
    expect(released).toBe(1);
  });

  it('stops reading what is brought back when the time is over, and closes it', async () => {
    const over = new AbortController();
    let closed = false;
    async function* stuck(): AsyncGenerator<Uint8Array> {
      try {
        yield new Uint8Array(1);
        over.abort(new Error('over'));
        yield new Uint8Array(1);
      } finally {
        closed = true;
      }
    }
    const store = withinTime(storeOf(stuck), over.signal);
    const info: SnapshotInfo = {
      format: 1,
      kind: 'qdrant',
      collection: 'images',
      model: 'm',
      revision: '1',
      dimensions: 1,
      vectors: 1,
      files: [],
    };
    await expect(store.restore(info, stuck)).rejects.toThrow('over');
    expect(closed).toBe(true);
  });
});
