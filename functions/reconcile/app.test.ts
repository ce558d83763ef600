import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { type Failure, failure } from '../../core/failure.ts';
import { imageId } from '../../core/image-id.ts';
import { parseObjectMessage } from '../../core/object-event.ts';
import { ownPrefix, reconcilePrefix } from '../../core/own-keys.ts';
import { err, ok } from '../../core/result.ts';
import { expectOk } from '../../test/support/expect-ok.ts';
import { createMemoryObjects } from '../../test/support/memory-objects.ts';
import { scanned } from '../../test/support/store-contents.ts';
import { createReconcileFunction, type ReconcileFunctionParts } from './app.ts';

const root = 's3://pictures';
const start = Date.UTC(2030, 0, 1, 3);
const minutes = (count: number) => ({ getRemainingTimeInMillis: () => count * 60_000 });

function setUp(more: Partial<ReconcileFunctionParts> = {}) {
  const objects = createMemoryObjects({ root });
  const store = createMemoryStore({ dimensions: 1 });
  const closed = { count: 0 };
  const bodies: string[] = [];
  const lines: string[] = [];
  const logged: { level: string; message: string }[] = [];
  const log = (level: string) => (_: unknown, message: string) =>
    void logged.push({ level, message });
  let nowMs = 0;
  const run = createReconcileFunction({
    bucket: 'pictures',
    objects,
    openStore: async () => ok({ ...store, close: async () => void (closed.count += 1) }),
    queue: {
      async send(messages) {
        bodies.push(...messages.map(({ body }) => body));
        return ok(undefined);
      },
    },
    metrics: createEmfCollection({
      epochMs: () => start,
      write: (line) => void lines.push(line),
      namespace: 'PictureSearch',
      service: 'reconcile',
      environment: 'test',
    }),
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    now: () => (nowMs += 1500),
    epochMs: () => start,
    randomSeed: () => 1,
    filterBytes: 2 ** 16,
    settleMs: 0,
    ...more,
  });
  return { objects, store, closed, bodies, lines, logged, run };
}

type SetUp = ReturnType<typeof setUp>;

async function addRecords({ store }: SetUp, count: number): Promise<void> {
  const points = Array.from({ length: count }, (_, n) => {
    const key = `gone ${n}`;
    const names = { file_path: key, file_name: key, s3_key: null, category: null };
    const metadata = { ...names, width: 1, height: 1 };
    const record = { id: imageId(`${root}/${key}`), metadata, origin: { root, key, version: '1' } };
    return { record, vector: Float32Array.of(1) };
  });
  expectOk(await store.upsert(points));
}

function upload({ objects }: SetUp, count: number): void {
  for (let n = 0; n < count; n += 1) objects.upload(`new ${n}`, new TextEncoder().encode(`${n}`));
}

const Metrics = z.looseObject({ pictures: z.number(), finished: z.number() });

describe('the reconcile function', () => {
  it('compares, tells the queue, keeps a report, and measures', async () => {
    const world = setUp();
    upload(world, 250);
    await addRecords(world, 3);
    const run = await world.run({}, minutes(15));
    expect(run).toMatchObject({
      startedAt: '2030-01-01T03:00:00.000Z',
      seconds: 1.5,
      finished: true,
      pictures: 250,
      missing: 250,
      orphans: 3,
    });
    expect(world.bodies).toHaveLength(3);
    const places = world.bodies.flatMap((body) => expectOk(parseObjectMessage(body)));
    expect(places).toContainEqual({ bucket: 'pictures', key: 'new 17' });
    expect(new Set(places.map(({ key }) => key))).toHaveLength(250);
    const key = `${reconcilePrefix}2030-01-01T03:00:00.000Z.json`;
    const kept = expectOk(await world.objects.get(key));
    expect(JSON.parse(new TextDecoder().decode(kept.bytes))).toEqual(run);
    expect(world.lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        service: 'reconcile',
        pictures: 250,
        missing: 250,
        stale: 0,
        rejected: 0,
        orphans: 3,
        leftovers: 0,
        sent: 250,
        finished: 1,
        run_duration: [1500],
      },
    ]);
    expect(world.logged).toEqual([{ level: 'info', message: 'Reconciled' }]);
    expect(world.closed.count).toBe(1);
    expect(await scanned(world.store)).toEqual([]);
  });

  it.each([
    ['the event of a schedule', { version: '0', id: 'x', 'detail-type': 'Scheduled Event' }],
    ['nothing', undefined],
    ['null', null],
  ])('takes %s', async (_, event) => {
    expect(await setUp().run(event, minutes(15))).toMatchObject({ finished: true, dryRun: false });
  });

  it.each([[{ force: 'yes' }], ['force'], [{ dry_run: 1 }]])('refuses %j', async (event) => {
    await expect(setUp().run(event, minutes(15))).rejects.toThrow('as the event is not valid');
  });

  it('removes most of the index only by force', async () => {
    const world = setUp();
    await addRecords(world, 1001);
    const run = await world.run({}, minutes(15));
    expect(run).toMatchObject({ finished: false, orphans: 0 });
    expect(world.logged).toMatchObject([{ level: 'warn' }]);
    expect(world.logged[0]?.message).toContain('"force": true');
    expect(Metrics.parse(JSON.parse(world.lines[0] ?? '')).finished).toBe(0);
    expect(await world.run({ force: true }, minutes(15))).toMatchObject({ orphans: 1001 });
    expect(await scanned(world.store)).toEqual([]);
  });

  it('changes nothing in a dry run, but keeps its report', async () => {
    const world = setUp();
    upload(world, 2);
    await addRecords(world, 3);
    expect(await world.run({ dry_run: true }, minutes(15))).toMatchObject({ orphans: 3 });
    expect(world.bodies).toEqual([]);
    expect(await scanned(world.store)).toHaveLength(3);
    expect(world.objects.keys().filter((key) => key.startsWith(ownPrefix))).toHaveLength(1);
  });

  it('stops in time, and says how far it came', async () => {
    let pages = 0;
    const world = setUp({
      marginMs: 1000,
      queue: {
        async send(_, signal) {
          pages += 1;
          await new Promise((resolve) => signal?.addEventListener('abort', resolve));
          return ok(undefined);
        },
      },
    });
    upload(world, 2500);
    await addRecords(world, 3);
    const run = await world.run({}, { getRemainingTimeInMillis: () => 3000 });
    expect(run).toMatchObject({ finished: false, step: 'listing', stopped: { code: 'timeout' } });
    expect(run).toMatchObject({ pictures: 1000, missing: 1000, orphans: 0 });
    expect(run.lastKey).not.toBeNull();
    expect(pages).toBe(1);
    expect(await scanned(world.store)).toHaveLength(3);
    expect(world.closed.count).toBe(1);
    expect(Metrics.parse(JSON.parse(world.lines[0] ?? ''))).toMatchObject({ finished: 0 });
  });

  it('throws where it cannot open the index, so that it is run again', async () => {
    const down: Failure = failure('store_unavailable', 'Cannot reach Qdrant');
    const world = setUp({ openStore: async () => err(down) });
    await expect(world.run({}, minutes(15))).rejects.toThrow('Cannot reach Qdrant');
    expect(JSON.parse(world.lines[0] ?? '')).toMatchObject({ finished: 0 });
  });

  it('goes on where its report cannot be kept', async () => {
    const objects = createMemoryObjects({
      root,
      before: ({ operation }) =>
        operation === 'put' ? failure('objects_unavailable', 'Cannot') : undefined,
    });
    const world = setUp({ objects });
    expect(await world.run({}, minutes(15))).toMatchObject({ finished: true });
    expect(world.logged.map(({ level }) => level)).toEqual(['info', 'warn']);
  });
});
