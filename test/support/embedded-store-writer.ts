/**
 * A process to be killed: looks at what an embedded store has, then changes it without end, and says
 * on standard output what it is about to do and what is done, a JSON value a line.
 */
import { writeSync } from 'node:fs';
import path from 'node:path';
import { createDirectorySnapshots } from '../../adapters/directory-snapshots.ts';
import { exists, readManifest } from '../../adapters/embedded-files.ts';
import { createEmbeddedSnapshots } from '../../adapters/embedded-snapshots.ts';
import { createEmbeddedStore } from '../../adapters/embedded-store.ts';
import type { PointSource } from '../../core/point-sources.ts';
import type { Point, VectorStore } from '../../core/ports.ts';
import { reindex } from '../../core/reindex.ts';
import { ok } from '../../core/result.ts';
import { createSnapshot, listSnapshots, restoreSnapshot } from '../../core/snapshots.ts';
import { expectOk } from './expect-ok.ts';
import { cosine, createPoint, randomVector } from './points.ts';
import { seededRandom } from './random.ts';

/** What can be cut off. */
export const writerActions = ['upsert', 'remove', 'optimize', 'reindex', 'restore'] as const;
export type WriterAction = (typeof writerActions)[number];

/** One line. A version is the width of a picture: another one with each write. */
export type WriterStep =
  | { readonly step: 'opening' | 'done' | 'optimize' }
  | {
      readonly step: 'found';
      readonly model: string;
      readonly versions: readonly (readonly [string, number])[];
    }
  | { readonly step: 'upsert'; readonly version: number; readonly ids: readonly string[] }
  | { readonly step: 'remove'; readonly ids: readonly string[] }
  | { readonly step: 'reindex'; readonly model: string }
  | { readonly step: 'snapshot' | 'restore'; readonly name: string };

const models = {
  a: { id: 'a', revision: '1', dimensions: 32 },
  b: { id: 'b', revision: '1', dimensions: 48 },
};
type Model = (typeof models)['a'];

interface Writer {
  readonly directory: string;
  readonly random: () => number;
  store: VectorStore;
  model: Model;
  version: number;
}

async function write(directory: string, seed: number, aim: WriterAction): Promise<never> {
  say({ step: 'opening' });
  const [random, opened] = [seededRandom(seed), await open(directory)];
  const writer: Writer = { directory, random, ...opened, version: seed * 10_000 };
  say({ step: 'found', model: writer.model.id, versions: await look(writer) });
  for (let turn = 0; ; turn += 1) {
    await upsertSome(writer);
    if (random() < 0.3) await removeSome(writer);
    if (random() < 0.1) void writer.store.optimize();
    if (turn % 3 !== 2) continue;
    if (aim === 'remove') await removeSome(writer);
    if (aim === 'optimize')
      await announced({ step: 'optimize' }, () => writer.store.optimize().then(expectOk));
    if (aim === 'reindex') await becomeOther(writer);
    if (aim === 'restore') await restoreSome(writer);
  }
}

async function open(directory: string): Promise<Pick<Writer, 'store' | 'model'>> {
  const folder = path.join(directory, 'images');
  const isB = (await exists(folder)) && (await readManifest(folder)).model === 'b';
  const model = isB ? models.b : models.a;
  return {
    model,
    store: expectOk(await createEmbeddedStore({ directory, collection: 'images', model })),
  };
}

/** Everything that is there, after a look whether it is all of one piece. */
async function look({ store, model }: Writer): Promise<(readonly [string, number])[]> {
  const points: Point[] = [];
  for await (const page of store.scanPoints()) points.push(...expectOk(page));
  const ids = new Set(points.map(({ record }) => record.id));
  const count = expectOk(await store.count());
  const vector = randomVector(Math.random, model.dimensions);
  const found = expectOk(await store.query({ vector, limit: 1000 }));
  if (ids.size !== points.length || count !== ids.size || found.length !== ids.size) {
    throw new Error(`Counts differ: ${points.length}, ${ids.size}, ${count}, ${found.length}`);
  }
  for (const { record, vector: stored } of points) {
    const made = pointOf(record.id, record.metadata.width, model);
    if (cosine(made.vector, stored) < 0.999) throw new Error(`Another's vector: ${record.id}`);
  }
  return points.map(({ record }) => [record.id, record.metadata.width] as const);
}

function pointOf(id: string, version: number, { dimensions }: Model): Point {
  const random = seededRandom(version * 1000 + Number(id));
  return createPoint(id, randomVector(random, dimensions), { width: version });
}

function someIds({ random }: Writer): string[] {
  return Array.from({ length: 1 + random() * 60 }, () => `${Math.floor(random() * 300)}`);
}

async function upsertSome(writer: Writer): Promise<void> {
  writer.version += 1;
  const { version, store, model } = writer;
  const ids = someIds(writer);
  const points = ids.map((id) => pointOf(id, version, model));
  await announced({ step: 'upsert', version, ids }, () => store.upsert(points).then(expectOk));
}

async function removeSome(writer: Writer): Promise<void> {
  const ids = someIds(writer);
  await announced({ step: 'remove', ids }, () => writer.store.remove(ids).then(expectOk));
}

async function becomeOther(writer: Writer): Promise<void> {
  const model = writer.model.id === 'a' ? models.b : models.a;
  say({ step: 'reindex', model: model.id });
  const { store } = writer;
  const source: PointSource = {
    async *drafts(from) {
      for await (const page of from.scan()) {
        yield ok(expectOk(page).map((record) => ({ record })));
      }
    },
    make: async (drafts) => {
      const points = drafts.map(({ record }) => pointOf(record.id, record.metadata.width, model));
      return ok({ points, leftOut: [] });
    },
  };
  const successor = expectOk(await store.succeed({ model, searchSpace: null }));
  expectOk(await reindex({ from: store, successor, source }));
  Object.assign(writer, await open(writer.directory));
  say({ step: 'done' });
}

async function restoreSome(writer: Writer): Promise<void> {
  const place = createDirectorySnapshots(path.join(writer.directory, 'kept'));
  const snapshots = createEmbeddedSnapshots({ directory: writer.directory, collection: 'images' });
  const listed = expectOk(await listSnapshots(place));
  if (listed.length === 0 || writer.random() < 0.15) {
    const name = `images-${writer.version}`;
    await announced({ step: 'snapshot', name }, () =>
      createSnapshot(snapshots, place, name).then(expectOk),
    );
    return;
  }
  const { name = '' } = listed[Math.floor(writer.random() * listed.length)] ?? {};
  await writer.store.close();
  say({ step: 'restore', name });
  expectOk(await restoreSnapshot(snapshots, place, name));
  Object.assign(writer, await open(writer.directory));
  say({ step: 'done' });
}

async function announced(step: WriterStep, work: () => Promise<unknown>): Promise<void> {
  say(step);
  await work();
  say({ step: 'done' });
}

/** At once and whole, which `console.log` into a pipe does not promise. */
function say(step: WriterStep): void {
  writeSync(1, `${JSON.stringify(step)}\n`);
}

const [, script, directory, seed, aim] = process.argv;
if (script === import.meta.filename && directory) {
  await write(directory, Number(seed), writerActions.find((action) => action === aim) ?? 'upsert');
}
