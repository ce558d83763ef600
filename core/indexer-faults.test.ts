import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createPictureReader } from '../adapters/picture-reader.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { createIndexBench } from '../test/support/index-bench.ts';
import type { ObjectCall } from '../test/support/memory-objects.ts';
import { failure } from './failure.ts';
import { err } from './result.ts';

const red = await pngOf(colours.red, 30, 20);
const blue = await pngOf(colours.blue, 9, 9);
const text = Buffer.from('this is a text');
const down = failure('objects_unavailable', 'Cannot ask the bucket');

describe('a picture that changes meanwhile', () => {
  /** Does this once, at the first such request for the picture, before or after it is answered. */
  function once(
    bench: ReturnType<typeof createIndexBench>,
    when: 'before' | 'after',
    operation: ObjectCall['operation'],
    act: () => void,
  ): void {
    let done = false;
    bench.hooks[when] = (call) => {
      if (!done && call.operation === operation && call.keys.includes('a.png')) {
        done = true;
        act();
      }
      return undefined;
    };
  }

  it('is indexed as it is in the end', async () => {
    for (const [when, operation] of [
      ['after', 'head'],
      ['before', 'get'],
      ['after', 'get'],
    ] as const) {
      const bench = createIndexBench();
      bench.objects.upload('a.png', red);
      once(bench, when, operation, () => bench.objects.upload('a.png', blue));
      expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
      expect((await bench.record('a.png'))?.metadata.width).toBe(9);
    }
  });

  it('is gone when it was deleted, and there when it was put again', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    once(bench, 'after', 'get', () => bench.objects.delete('a.png'));
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'removed' });
    expect(bench.objects.keys()).toEqual([]);
    expect(expectOk(await bench.store.count())).toBe(0);
    once(bench, 'after', 'head', () => bench.objects.upload('a.png', blue));
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
    expect(bench.thumbnail('a.png')).toBeDefined();
  });

  it('is a reject only as long as it is bad', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', text);
    once(bench, 'after', 'get', () => bench.objects.upload('a.png', red));
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
    expect(bench.reject('a.png')).toBeUndefined();
    once(bench, 'after', 'head', () => bench.objects.upload('a.png', text));
    bench.objects.upload('a.png', blue);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'not_an_image' });
    expect(bench.reject('a.png')?.version).toBe(bench.objects.peek('a.png')?.info.version);
  });

  it('has the metadata that was said last', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red, { mood: 'good' });
    once(bench, 'after', 'get', () => bench.objects.upload('a.png', red, { mood: 'bad' }));
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
    expect((await bench.record('a.png'))?.metadata['mood']).toBe('bad');
  });

  it('is left for later when it never stays', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    bench.objects.upload('b.png', red);
    let count = 0;
    bench.hooks.after = ({ operation, keys }) => {
      if (operation === 'get' && keys.includes('a.png')) {
        bench.objects.upload('a.png', (count += 1) % 2 === 0 ? red : blue);
      }
      return undefined;
    };
    expect(await bench.look('a.png', 'b.png')).toEqual({
      'a.png': 'image_changing',
      'b.png': 'indexed',
    });
    bench.hooks.after = undefined;
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
    expect(count).toBe(3);
    expect((await bench.record('a.png'))?.metadata.width).toBe(9);
  });
});

describe('two runs that race over one picture', () => {
  it('leave the thumbnail of its last state, whoever writes last', async () => {
    const memory = createMemoryStore({ dimensions: 64 });
    const late = Promise.withResolvers<void>();
    const lateIsThere = Promise.withResolvers<void>();
    let lateRun: Promise<unknown> | undefined;
    const slow = createIndexBench({
      store: {
        ...memory,
        async upsert(points) {
          lateIsThere.resolve();
          await late.promise;
          return memory.upsert(points);
        },
      },
    });
    const { objects } = slow;
    const pictures = createPictureReader();
    const bench = createIndexBench({
      objects,
      own: objects,
      pictures: {
        ...pictures,
        async thumbnail(image) {
          const made = await pictures.thumbnail(image);
          if (lateRun) return made;
          // The other one has read the newer state, and put its thumbnail.
          objects.upload('a.png', blue);
          lateRun = slow.indexer.look(['a.png']);
          await lateIsThere.promise;
          return made;
        },
      },
      store: {
        ...memory,
        async upsert(points) {
          const done = await memory.upsert(points);
          late.resolve();
          await lateRun;
          return done;
        },
      },
    });
    objects.upload('a.png', red);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
    expect((await slow.record('a.png'))?.metadata.width).toBe(9);
    expect(await sharp(slow.thumbnail('a.png')).metadata()).toMatchObject({ width: 9 });
  });
});

describe('what goes wrong with one picture', () => {
  it('goes wrong with that alone, and says whether it may work later', async () => {
    for (const operation of ['head', 'get'] as const) {
      const bench = createIndexBench();
      for (const key of ['a.png', 'b.png']) bench.objects.upload(key, red);
      bench.failAt(operation, 'a.png', down);
      const outcomes = expectOk(await bench.indexer.look(['a.png', 'b.png']));
      expect(outcomes).toMatchObject([
        { outcome: 'failed', code: 'objects_unavailable', reason: down.detail },
        { outcome: 'indexed' },
      ]);
      expect(bench.reject('a.png')).toBeUndefined();
    }
  });

  it('leaves no picture in the index without its thumbnail', async () => {
    const bench = createIndexBench();
    for (const key of ['a.png', 'b.png']) bench.objects.upload(key, red);
    bench.failAt('put', bench.idOf('a.png'), down);
    expect(await bench.look('a.png', 'b.png')).toEqual({
      'a.png': 'objects_unavailable',
      'b.png': 'indexed',
    });
    expect(await bench.record('a.png')).toBeUndefined();
    bench.hooks.before = undefined;
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'indexed' });
  });

  it('keeps no deleted picture in the index, though its thumbnail cannot be removed', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    await bench.look('a.png');
    bench.objects.delete('a.png');
    bench.failAt('remove', 'thumbnails', down);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'objects_unavailable' });
    expect(await bench.record('a.png')).toBeUndefined();
    bench.hooks.before = undefined;
    await bench.look('a.png');
    expect(bench.objects.keys()).toEqual([]);
  });

  it('is told of also when it is only the reject that cannot be written', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', text);
    bench.failAt('put', 'rejects', down);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'objects_unavailable' });
    bench.hooks.before = undefined;
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'not_an_image' });
  });

  it('is told of when it cannot be made sure that what was written is still true', async () => {
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    let looks = 0;
    bench.hooks.before = ({ operation, keys }) =>
      operation === 'head' && keys.includes('a.png') && (looks += 1) === 2 ? down : undefined;
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'objects_unavailable' });
    expect(looks).toBe(2);
  });

  it('is no reject when the thumbnail may work later', async () => {
    const busy = failure('overloaded', 'Cannot make it smaller now');
    const encoder = createFakeEncoder();
    const pictures = {
      facts: async () => ({ ok: true, value: { type: 'image/png' } }) as const,
      thumbnail: async () => err(busy),
    };
    const bench = createIndexBench({ encoder, pictures });
    bench.objects.upload('a.png', red);
    expect(await bench.look('a.png')).toEqual({ 'a.png': 'overloaded' });
    expect(bench.reject('a.png')).toBeUndefined();
  });
});

describe('what goes wrong with the store or the encoder', () => {
  it('fails the call, and begins nothing new', async () => {
    const lost = failure('store_unavailable', 'Cannot ask the store');
    for (const part of ['get', 'upsert', 'remove', 'vectors'] as const) {
      const store = createMemoryStore({ dimensions: 64 });
      const bench = createIndexBench({ store: { ...store, [part]: async () => err(lost) } });
      const { objects } = bench;
      const sound = createIndexBench({ store, objects, own: objects });
      for (const key of ['gone.png', 'new.png', 'said.png']) bench.objects.upload(key, red);
      expectOk(await sound.indexer.look(['gone.png', 'said.png']));
      bench.objects.delete('gone.png');
      bench.objects.upload('said.png', red, { mood: 'good' });
      const failed = await bench.indexer.look(['gone.png', 'new.png', 'said.png']);
      expect(expectFailure(failed)).toBe(lost);
    }
    const tired = failure('overloaded', 'Cannot encode now');
    const encoder = { ...createFakeEncoder(), encodeImages: async () => err(tired) };
    const bench = createIndexBench({ encoder, batchSize: 4 });
    const keys = Array.from({ length: 400 }, (_, n) => `${n}.png`);
    for (const key of keys) bench.objects.upload(key, red);
    expect(expectFailure(await bench.indexer.look(keys))).toBe(tired);
    expect(bench.counts().get).toBeLessThan(50);
    expect(bench.objects.keys()).toHaveLength(400);
  });

  it('fails as cancelled when its caller leaves', async () => {
    const leaving = new AbortController();
    const bench = createIndexBench();
    bench.objects.upload('a.png', red);
    bench.hooks.after = ({ operation }) => {
      if (operation === 'get') leaving.abort();
      return undefined;
    };
    const left = await bench.indexer.look(['a.png'], leaving.signal);
    expect(expectFailure(left).code).toBe('cancelled');
    expect(expectOk(await bench.store.count())).toBe(0);
    const never = await bench.indexer.look(['a.png'], AbortSignal.abort());
    expect(expectFailure(never).code).toBe('cancelled');
    expect(expectFailure(await bench.indexer.prune([], AbortSignal.abort())).code).toBe(
      'cancelled',
    );
  });
});
