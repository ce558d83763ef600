import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createPictureReader } from '../../adapters/picture-reader.ts';
import { failure } from '../../core/failure.ts';
import type { Outcome } from '../../core/indexer.ts';
import { err, ok } from '../../core/result.ts';
import { createFakeEncoder } from '../../test/support/fake-encoder.ts';
import { colours, pngOf } from '../../test/support/images.ts';
import { createMemoryObjects } from '../../test/support/memory-objects.ts';
import { type IndexJobParts, runIndexJob } from './app.ts';

const settings = {
  bucket: 'pictures',
  prefix: '',
  inventory: undefined,
  shard: { index: 0, count: 1 },
  batchSize: 2,
  category: undefined,
  place: false,
  prune: false,
};

interface Line {
  readonly level: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

async function createJob(more: Partial<IndexJobParts> = {}) {
  const lines: Line[] = [];
  const kept: Outcome[] = [];
  const log = (level: string) => (fields: Line['fields'], message: string) => {
    lines.push({ level, fields, message });
  };
  const objects = createMemoryObjects({
    // As slow as a network, so that there is something to tell of on the way.
    before: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 2)),
  });
  for (let n = 0; n < 20; n += 1) objects.upload(`${n}.png`, await pngOf(colours.red, 20 + n));
  const encoder = createFakeEncoder();
  const store = createMemoryStore({ dimensions: encoder.model.dimensions });
  let milliseconds = 0;
  const parts: IndexJobParts = {
    engine: { encoder, store },
    objects,
    pictures: createPictureReader(),
    manifest: {
      location: 's3://pictures/manifest.jsonl',
      add: async (outcomes) => void kept.push(...outcomes),
      finish: async () => ok(undefined),
    },
    settings,
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    now: () => (milliseconds += 500),
    stop: new AbortController().signal,
    signal: new AbortController().signal,
    progressMs: 5,
    ...more,
  };
  return { parts, lines, kept };
}

describe('the index job', () => {
  it('says how far it is, and in the end what became of all', async () => {
    const { parts, lines, kept } = await createJob();
    expect(await runIndexJob(parts)).toBe(0);
    const progress = lines.filter(({ message }) => message === 'Indexing');
    expect(progress.length).toBeGreaterThan(1);
    const done = progress.map(({ fields }) => Number(fields['done']));
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    const last = lines.at(-1);
    expect(last).toMatchObject({
      level: 'info',
      message: 'Indexing is done',
      fields: { indexed: 20, done: 20, manifest: 's3://pictures/manifest.jsonl' },
    });
    const { seconds, perSecond } = last?.fields ?? {};
    expect(Number(perSecond)).toBeCloseTo(20 / ((progress.length + 1) / 2), 1);
    expect(Number(seconds)).toBe(Math.round((progress.length + 1) / 2));
    expect(kept).toHaveLength(20);
  });

  it('is to be run again where its manifest could not be written', async () => {
    const refused = failure('objects_unavailable', 'Cannot write it as S3 says no');
    const manifest = { location: 'there', add: async () => {}, finish: async () => err(refused) };
    const { parts, lines } = await createJob({ manifest });
    expect(await runIndexJob(parts)).toBe(1);
    expect(lines.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      refused.detail,
    ]);
    expect(lines.at(-1)?.fields).toMatchObject({ indexed: 20, manifest: null });
  });

  it('is to be run again where the index could not be written', async () => {
    const { parts, lines } = await createJob();
    const full = failure('store_full', 'Cannot write as there is no room left');
    const store = { ...parts.engine.store, upsert: async () => err(full) };
    expect(await runIndexJob({ ...parts, engine: { ...parts.engine, store } })).toBe(1);
    expect(lines.at(-1)).toMatchObject({
      level: 'error',
      message: full.detail,
      fields: { code: 'store_full' },
    });
  });

  it.each([
    ['memory', 1],
    ['qdrant', 0],
  ])('waits for the graph of %s %i times', async (kind, waits) => {
    const { parts } = await createJob();
    let optimized = 0;
    const optimize = async () => {
      optimized += 1;
      return ok(undefined);
    };
    const store = { ...parts.engine.store, kind, optimize };
    expect(await runIndexJob({ ...parts, engine: { ...parts.engine, store } })).toBe(0);
    expect(optimized).toBe(waits);
  });
});
