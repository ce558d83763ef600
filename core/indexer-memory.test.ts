import { describe, expect, it, vi } from 'vitest';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { tick } from '../test/support/held-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { createIndexBench } from '../test/support/index-bench.ts';
import type { Encoder } from './ports.ts';

const red = await pngOf(colours.red, 30, 20);

/** Encodes when the test says so. */
function createHeldImages() {
  const real = createFakeEncoder();
  const held: { readonly count: number; readonly go: () => void }[] = [];
  const encoder: Encoder = {
    ...real,
    async encodeImages(images, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.push({ count: images.length, go: resolve });
      await promise;
      return real.encodeImages(images, signal);
    },
  };
  return { encoder, held };
}

describe('many pictures', () => {
  it('are read while others are encoded, and no more of them than fit into memory', async () => {
    const { encoder, held } = createHeldImages();
    const fileBytes = red.length * 12;
    const bench = createIndexBench({ encoder, pictures: undefined, batchSize: 8, fileBytes });
    const keys = Array.from({ length: 100 }, (_, n) => `${n}.png`);
    for (const key of keys) bench.objects.upload(key, red);
    const done = bench.indexer.look(keys);
    for (let next = 0; next < 25; next += 1) {
      // Three batches of a third of the memory each are under way, and nothing more is read.
      const begun = Math.min(next + 3, 25);
      await vi.waitFor(() => expect(held).toHaveLength(begun), 10_000);
      expect(bench.calls.filter(({ operation }) => operation === 'get')).toHaveLength(begun * 4);
      expect(held[next]?.count).toBe(4);
      held[next]?.go();
    }
    expect(expectOk(await done).every(({ outcome }) => outcome === 'indexed')).toBe(true);
    expect(expectOk(await bench.store.count())).toBe(100);
  });

  it('are alone in memory when they are large', async () => {
    const { encoder, held } = createHeldImages();
    const bench = createIndexBench({ encoder, pictures: undefined, fileBytes: red.length });
    for (const key of ['a.png', 'b.png', 'c.png']) bench.objects.upload(key, red);
    const done = bench.indexer.look(['a.png', 'b.png', 'c.png']);
    for (let next = 0; next < 3; next += 1) {
      await vi.waitFor(() => expect(held).toHaveLength(next + 1), 10_000);
      held[next]?.go();
    }
    expect(expectOk(await done)).toHaveLength(3);
  });

  it('ask no more of the bucket at a time than it has sockets for', async () => {
    let [running, most] = [0, 0];
    const bench = createIndexBench({ batchSize: 32, batchesUnderWay: 8 });
    const keys = Array.from({ length: 400 }, (_, n) => `${n}.png`);
    for (const key of keys) bench.objects.upload(key, red);
    bench.hooks.before = async ({ operation }) => {
      // Of lists there is one at most for each batch.
      if (operation === 'list') return undefined;
      most = Math.max(most, (running += 1));
      await tick();
      return undefined;
    };
    bench.hooks.after = ({ operation }) => {
      if (operation !== 'list') running -= 1;
      return undefined;
    };
    expectOk(await bench.indexer.look(keys));
    expect(most).toBeLessThanOrEqual(48);
    expect(most).toBeGreaterThan(16);
  });
});
