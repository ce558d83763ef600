import { describe, expect, it } from 'vitest';
import { expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { colours, pngOf } from '../test/support/images.ts';
import { createIndexBench } from '../test/support/index-bench.ts';
import { failure } from './failure.ts';
import { createIndexer } from './indexer.ts';

const red = await pngOf(colours.red, 30, 20);
const blue = await pngOf(colours.blue, 9, 9);

describe('a listing', () => {
  it('tells of unchanged pictures without a look at them', async () => {
    const bench = createIndexBench();
    for (const key of ['a.png', 'b.png']) bench.objects.upload(key, red);
    const listed = await Array.fromAsync(bench.objects.list());
    const infos = listed.flatMap((item) => (item.ok ? [item.value] : []));
    expectOk(await bench.indexer.index(infos));
    bench.counts();
    expect(expectOk(await bench.indexer.index(infos))).toMatchObject([
      { path: 'a.png', outcome: 'skipped' },
      { path: 'b.png', outcome: 'skipped' },
    ]);
    expect(bench.counts()).toEqual({});
  });

  it('says nothing of metadata: that of the object itself counts', async () => {
    const bench = createIndexBench();
    const { metadata: _, ...listed } = bench.objects.upload('cats/a.png', red, {
      category: 'dogs',
    });
    expectOk(await bench.indexer.index([listed]));
    expect((await bench.record('cats/a.png'))?.metadata.category).toBe('dogs');
    expect(expectOk(await bench.indexer.index([listed]))).toMatchObject([{ outcome: 'skipped' }]);
    bench.objects.upload('cats/a.png', red, { category: 'birds' });
    expect(expectOk(await bench.indexer.index([listed]))).toMatchObject([{ outcome: 'indexed' }]);
    expect((await bench.record('cats/a.png'))?.metadata.category).toBe('birds');
  });

  it('may be out of date', async () => {
    const bench = createIndexBench();
    const [a, b] = ['a.png', 'b.png'].map((key) => bench.objects.upload(key, red));
    await bench.look('b.png');
    const newer = { ...b, key: 'b.png', bytes: 1, version: 'newer than anybody knows' };
    bench.objects.delete('a.png');
    bench.objects.delete('b.png');
    expect(expectOk(await bench.indexer.index([a ?? newer, newer]))).toMatchObject([
      { path: 'a.png', outcome: 'skipped' },
      { path: 'b.png', outcome: 'removed' },
    ]);
    expect(bench.objects.keys()).toEqual([]);
    bench.objects.upload('b.png', blue);
    expect(expectOk(await bench.indexer.index([newer]))).toMatchObject([{ outcome: 'indexed' }]);
    expect((await bench.record('b.png'))?.metadata.width).toBe(9);
  });

  it('may name another category for all', async () => {
    const bench = createIndexBench();
    const info = bench.objects.upload('cats/a.png', red);
    await bench.look('cats/a.png');
    const { objects, store } = bench;
    const encoder = createFakeEncoder();
    const zoo = createIndexer({ objects, store, encoder, category: 'zoo' });
    const { metadata: _, ...listed } = info;
    expect(expectOk(await zoo.index([listed]))).toMatchObject([{ outcome: 'indexed' }]);
    expect((await bench.record('cats/a.png'))?.metadata.category).toBe('zoo');
  });
});

describe('pruning a bucket', () => {
  it('removes what is gone with its thumbnail, and nothing of another bucket', async () => {
    const bench = createIndexBench();
    for (const key of ['a.png', 'b.png', 'c.png']) bench.objects.upload(key, red);
    await bench.look('a.png', 'b.png', 'c.png');
    const records = expectOk(await bench.store.get(['a.png', 'b.png', 'c.png'].map(bench.idOf)));
    bench.objects.delete('a.png');
    bench.objects.delete('c.png');
    const others = records.map((record) => {
      return { ...record, origin: { ...record.origin, root: 's3://other' } };
    });
    expect(expectOk(await bench.indexer.prune(others))).toEqual([]);
    bench.failAt('head', 'c.png', failure('objects_unavailable', 'Cannot ask'));
    const pruned = expectOk(await bench.indexer.prune(records));
    expect(pruned.map(({ path, outcome, code }) => [path, outcome, code])).toEqual([
      ['c.png', 'failed', 'objects_unavailable'],
      ['a.png', 'removed', undefined],
    ]);
    expect(bench.thumbnail('a.png')).toBeUndefined();
    expect(await bench.record('b.png')).toBeDefined();
  });
});
