import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createAliasedStore } from '../test/support/aliased-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { scanned } from '../test/support/store-contents.ts';
import { failure } from './failure.ts';
import { createVectorSource, type PointSource } from './point-sources.ts';
import type { Point, VectorStore } from './ports.ts';
import { reindex, type ReindexStep } from './reindex.ts';
import { err, ok } from './result.ts';

const [oldDimensions, newDimensions] = [8, 12];
const spec = { model: { id: 'new', revision: '1', dimensions: newDimensions }, searchSpace: null };

function pointOf(id: string, version: number, dimensions = oldDimensions): Point {
  const { record } = createPoint(id, new Float32Array(dimensions), { width: version });
  const vector = randomVector(seededRandom(Number(id) * 1000 + version), dimensions);
  return { record: { ...record, origin: { ...record.origin, version: `${version}` } }, vector };
}

const isBroken = (version: number) => version % 7 === 0;

/** Makes vectors of the new model; some pictures can't be read. */
function createSource(onMake: () => Promise<void> = async () => {}): PointSource {
  return {
    async *drafts(store, signal) {
      for await (const page of store.scan(signal)) {
        yield page.ok ? ok(page.value.map((record) => ({ record }))) : page;
      }
    },
    async make(drafts) {
      await onMake();
      const broken = (width: number) => isBroken(width);
      return ok({
        points: drafts
          .filter(({ record }) => !broken(record.metadata.width))
          .map(({ record }) => ({
            record,
            vector: pointOf(record.id, record.metadata.width, newDimensions).vector,
          })),
        leftOut: drafts
          .filter(({ record }) => broken(record.metadata.width))
          .map(({ record }) => ({ record, failure: failure('image_corrupt', 'Cannot') })),
      });
    },
  };
}

async function fill(store: VectorStore, count: number, first = 1): Promise<void> {
  const points = Array.from({ length: count }, (_, n) => pointOf(`${n + first}`, 1));
  expectOk(await store.upsert(points));
}

async function versionsOf(store: VectorStore): Promise<Map<string, number>> {
  return new Map((await scanned(store)).map(({ id, metadata }) => [id, metadata.width]));
}

describe('reindexing', () => {
  it('makes every picture anew and puts the new collection in the place of the old', async () => {
    const store = createAliasedStore(oldDimensions);
    await fill(store, 600);
    const steps: ReindexStep[] = [];
    let looked = 0;
    const report = expectOk(
      await reindex({
        from: store,
        successor: expectOk(await store.succeed(spec)),
        source: createSource(),
        onStep: (step) => steps.push(step),
        onProgress: (count) => (looked += count),
      }),
    );
    expect(report).toMatchObject({ added: 600, removed: 0, leftOut: [] });
    expect(looked).toBeGreaterThanOrEqual(600);
    expect(steps.filter((step) => step !== 'catching-up')).toEqual([
      'copying',
      'optimizing',
      'publishing',
      'settling',
    ]);
    const { vector, record } = pointOf('17', 1, newDimensions);
    const [found] = expectOk(await store.query({ vector, limit: 1 }));
    expect(found?.record).toEqual(record);
    expect(store.removed()).toBe(1);
  });

  it('keeps the old collection where that is asked for', async () => {
    const store = createAliasedStore(oldDimensions);
    await fill(store, 3);
    const successor = expectOk(await store.succeed(spec));
    expectOk(await reindex({ from: store, successor, source: createSource(), keepOld: true }));
    expect(store.removed()).toBe(0);
  });

  it('leaves out what cannot be encoded, and says so', async () => {
    const store = createAliasedStore(oldDimensions);
    await fill(store, 10);
    expectOk(await store.upsert([pointOf('3', 7), pointOf('5', 14)]));
    const successor = expectOk(await store.succeed(spec));
    // As an earlier run has left it, when that picture was whole.
    expectOk(await successor.store.upsert([pointOf('3', 1, newDimensions)]));
    const report = expectOk(await reindex({ from: store, successor, source: createSource() }));
    expect(report.leftOut.map(({ record }) => record.id)).toEqual(['3', '5']);
    const left = [...(await versionsOf(store)).keys()];
    expect(left.join(' ')).toBe('1 2 4 6 7 8 9 10');
  });

  it('refuses to publish a collection that has lost every picture', async () => {
    const store = createAliasedStore(oldDimensions);
    expectOk(await store.upsert([pointOf('3', 7), pointOf('5', 14)]));
    const successor = expectOk(await store.succeed(spec));
    const failed = await reindex({ from: store, successor, source: createSource() });
    expect(expectFailure(failed).detail).toContain('none of its 2 pictures');
    expect((await versionsOf(store)).size).toBe(2);
  });

  it('goes on where it was', async () => {
    const store = createAliasedStore(oldDimensions);
    await fill(store, 700);
    const successor = expectOk(await store.succeed(spec));
    const abort = new AbortController();
    let made = 0;
    const counting = (atOnce: number) => {
      const source = createSource();
      const make: PointSource['make'] = (drafts) => {
        made += drafts.length;
        if (made > atOnce) abort.abort();
        return source.make(drafts);
      };
      return { ...source, make };
    };
    const first = { from: store, successor, source: counting(300), signal: abort.signal };
    expect(expectFailure(await reindex(first)).code).toBe('cancelled');
    const before = made;
    expect(before).toBeLessThan(700);
    expectOk(await reindex({ from: store, successor, source: counting(Infinity) }));
    expect(made).toBe(700);
    expect((await versionsOf(store)).size).toBe(700);
  });

  it('ends at a failure of the source, the new store or the switch', async () => {
    const store = createAliasedStore(oldDimensions);
    await fill(store, 5);
    const down = err(failure('store_unavailable', 'Cannot'));
    const successor = expectOk(await store.succeed(spec));
    const broken = [
      { source: { ...createSource(), make: async () => down }, successor },
      { source: createSource(), successor: { ...successor, publish: async () => down } },
      ...(['upsert', 'remove', 'optimize', 'get', 'count'] as const).map((call) => ({
        source: createSource(),
        successor: { ...successor, store: { ...successor.store, [call]: async () => down } },
      })),
    ];
    for (const parts of broken) {
      expect(expectFailure(await reindex({ from: store, ...parts })).code).toBe(
        'store_unavailable',
      );
      expect((await store.describe()).ok).toBe(true);
      expect((await versionsOf(store)).size).toBe(5);
      expectOk(await successor.store.remove(['1', '2', '3', '4', '5']));
      expectOk(await successor.store.upsert([pointOf('99', 1, newDimensions)]));
    }
  });

  it('copies vectors as they are, and again where only the vector has changed', async () => {
    const store = createMemoryStore({ dimensions: oldDimensions });
    await fill(store, 300);
    const same = { ...spec, model: { ...spec.model, dimensions: oldDimensions } };
    const successor = expectOk(await store.succeed(same));
    const parts = { from: store, successor, source: createVectorSource() };
    expectOk(
      await successor.store.upsert([
        pointOf('1', 1),
        { ...pointOf('2', 1), vector: pointOf('9', 9).vector },
      ]),
    );
    expect(expectOk(await reindex(parts))).toMatchObject({ added: 299 });
    const vectors = expectOk(await store.vectors(['2']));
    expect(vectors.get('2')).toEqual(pointOf('2', 1).vector);
  });
});

describe('reindexing while others search and write', () => {
  it('fails no search', async () => {
    const store = createAliasedStore(oldDimensions);
    await fill(store, 900);
    let [searches, failed] = [0, 0];
    const over = new AbortController();
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    const searching = (async () => {
      while (!over.signal.aborted) {
        const known = expectOk(await store.vectors(['17']));
        const vector = known.get('17') ?? new Float32Array(oldDimensions);
        const found = await store.query({ vector, limit: 1 });
        searches += 1;
        if (!found.ok || found.value[0]?.record.id !== '17') failed += 1;
        await turn();
      }
    })();
    const successor = expectOk(await store.succeed(spec));
    expectOk(await reindex({ from: store, successor, source: createSource(turn) }));
    for (let n = 0; n < 20; n += 1) await turn();
    over.abort();
    await searching;
    expect(failed).toBe(0);
    expect(searches).toBeGreaterThan(10);
  });

  const write = fc.record({
    /** How many moments pass before it; those round the switch are the ones that matter most. */
    after: fc.nat(3),
    when: fc.constantFrom('during', 'before the switch', 'after the switch'),
    remove: fc.boolean(),
    id: fc.integer({ min: 1, max: 12 }).map(String),
    broken: fc.nat(4).map((n) => n === 0),
  });

  it('loses no write, and brings nothing back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 40 }), async (writes) => {
        const truth = new Map<string, number>();
        const at = (when: string) => writes.filter((one) => one.when === when);
        // A picture that comes and goes again round the switch leaves no trace to tell it by.
        const last = new Map(at('after the switch').map((one) => [one.id, one]));
        const pending = at('during');
        let [version, moments, switched] = [1, 0, false];
        async function moment(): Promise<void> {
          moments += 1;
          while (pending[0] && pending[0].after <= moments) {
            moments -= pending[0].after;
            const [next] = pending.splice(0, 1);
            if (next) await act(next);
          }
        }
        async function act({ remove, id, broken }: (typeof writes)[number]): Promise<void> {
          if (remove) {
            // One can only remove what one can see.
            if (expectOk(await store.get([id])).length === 0) return;
            truth.delete(id);
            expectOk(await store.remove([id]));
            return;
          }
          version = version - (version % 7) + (broken && !switched ? 7 : 8 + (version % 5));
          truth.set(id, version);
          const dimensions = switched ? newDimensions : oldDimensions;
          expectOk(await store.upsert([pointOf(id, version, dimensions)]));
        }
        const store = createAliasedStore(oldDimensions, async () => {
          for (const one of at('before the switch')) await act(one);
        });
        for (const id of ['1', '2', '3', '4', '5', '6']) {
          truth.set(id, 1);
          expectOk(await store.upsert([pointOf(id, 1)]));
        }
        const successor = expectOk(await store.succeed(spec));
        const report = await reindex({
          from: {
            ...store,
            async *scan() {
              await moment();
              yield* store.scan();
              await moment();
            },
            async get(ids) {
              const records = await store.get(ids);
              await moment();
              return records;
            },
          },
          successor: {
            ...successor,
            async publish() {
              const published = await successor.publish();
              switched = true;
              for (const one of last.values()) await act(one);
              return published;
            },
          },
          source: createSource(moment),
        });
        expectOk(report);
        while (pending.length > 0) await moment();
        const expected = [...truth].filter(([, width]) => !isBroken(width));
        const found = await versionsOf(store);
        expect([...found].toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 400 },
    );
  });
});
