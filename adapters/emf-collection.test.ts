import { expect, it } from 'vitest';
import { createEmfCollection } from './emf-collection.ts';

interface Line {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [name: string]: unknown;
}

function create() {
  const lines: string[] = [];
  const collection = createEmfCollection({
    epochMs: () => 1_900_000_000_000,
    write: (line) => void lines.push(line),
    namespace: 'PictureSearch',
    service: 'index-images',
    environment: 'staging',
  });
  return { collection, read: () => lines.splice(0).map((line) => JSON.parse(line) as Line) };
}

it('files a count by code twice: in all, and under the code', () => {
  const { collection, read } = create();
  collection.count('indexed', 3);
  collection.count('indexed', 4);
  collection.count('rejected', 2, 'not_an_image');
  collection.count('rejected', 1, 'image_corrupt');
  collection.count('rejected', 5, 'not_an_image');
  collection.count('retried', 1, 'timeout');
  collection.flush();
  const [all, ...byCode] = read();
  expect(all).toMatchObject({ indexed: 7, service: 'index-images', environment: 'staging' });
  expect(all).not.toHaveProperty('rejected');
  expect(byCode).toMatchObject([
    { rejected: 7, code: 'not_an_image' },
    { rejected: 1, code: 'image_corrupt' },
    { retried: 1, code: 'timeout' },
  ]);
  for (const { _aws: meta } of byCode) {
    const own = ['service', 'environment'];
    expect(meta.CloudWatchMetrics[0]?.Dimensions).toEqual([own, [...own, 'code']]);
  }
});

it('keeps measurements apart, with their unit', () => {
  const { collection, read } = create();
  collection.add('batch_duration', 'Milliseconds', 12);
  collection.add('batch_duration', 'Milliseconds', Number.NaN);
  collection.add('batch_duration', 'Milliseconds', 30);
  collection.flush();
  const [line] = read();
  expect(line?.['batch_duration']).toEqual([12, 30]);
  const { _aws: meta } = line ?? {};
  const metrics = meta?.CloudWatchMetrics[0]?.Metrics;
  expect(metrics).toEqual([{ Name: 'batch_duration', Unit: 'Milliseconds' }]);
  collection.flush();
  expect(read()).toEqual([]);
});
