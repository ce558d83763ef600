import type { Async } from './failure.ts';
import { imageIdAt } from './image-metadata.ts';
import type { ImageId, ImageRecord } from './model.ts';
import { isOwnKey, rejectsPrefix } from './own-keys.ts';
import type { ObjectInfo } from './object-store.ts';
import { eachOf, idOfOwnKey, listPages, type Reconciling, sendKeys } from './reconciling.ts';
import type { Reject } from './rejects.ts';
import { ok } from './result.ts';

interface Listed {
  readonly id: ImageId;
  readonly info: ObjectInfo;
}

/** Notes which pictures may have a reject, so that no other is asked for one. */
export async function readRejects(work: Reconciling): Async<void> {
  for await (const page of listPages(work, rejectsPrefix)) {
    if (!page.ok) return page;
    for (const { key } of page.value) {
      const id = idOfOwnKey(key);
      if (id !== undefined) work.rejects.add(id);
    }
  }
  return ok(undefined);
}

/** Lists the bucket, and has the indexer look at what the index does not have as it is there. */
export async function compareListing(work: Reconciling): Async<void> {
  for await (const page of listPages(work)) {
    if (!page.ok) return page;
    const compared = await comparePage(work, page.value);
    if (!compared.ok) return compared;
    work.onProgress?.('listing', page.value.length);
  }
  return ok(undefined);
}

async function comparePage(work: Reconciling, infos: readonly ObjectInfo[]): Async<void> {
  const { store, objects, listed, counts, signal } = work;
  const pictures = infos
    .filter(({ key }) => !isOwnKey(key) && !key.endsWith('/'))
    .map((info): Listed => ({ id: imageIdAt(objects.root, info.key), info }));
  for (const { id } of pictures) listed.add(id);
  const known = await store.get(
    pictures.map(({ id }) => id),
    signal,
  );
  if (!known.ok) return known;
  const rejects = await findRejects(work, pictures);
  if (!rejects.ok) return rejects;
  const states = statesOf(
    pictures,
    known.value.filter(({ origin }) => origin.root === objects.root),
    rejects.value,
  );
  const of = (state: State) => states.flatMap((one) => (one.state === state ? [one.key] : []));
  const [missing, stale] = [of('missing'), of('stale')];
  const sent = await sendKeys(work, [...missing, ...stale]);
  if (!sent.ok) return sent;
  counts.pictures += pictures.length;
  counts.missing += missing.length;
  counts.stale += stale.length;
  counts.rejected += of('rejected').length;
  counts.lastKey = infos.at(-1)?.key ?? counts.lastKey;
  return sent;
}

type State = 'missing' | 'stale' | 'rejected' | 'as it should be';

function statesOf(
  pictures: readonly Listed[],
  records: readonly ImageRecord[],
  rejects: ReadonlyMap<ImageId, Pick<Reject, 'version'>>,
): { readonly key: string; readonly state: State }[] {
  const versions = new Map(records.map(({ id, origin }) => [id, origin.version]));
  return pictures.map(({ id, info: { key, version } }) => {
    const [indexed, reject] = [versions.get(id), rejects.get(id)];
    if (indexed === undefined) {
      return { key, state: reject?.version === version ? 'rejected' : 'missing' };
    }
    // A reject beside a record: one of them is out of date.
    const stale = indexed !== version || reject !== undefined;
    return { key, state: stale ? 'stale' : 'as it should be' };
  });
}

type Rejected = readonly [ImageId, Pick<Reject, 'version'>];

async function findRejects(
  { rejects, own, signal }: Reconciling,
  pictures: readonly Listed[],
): Async<ReadonlyMap<ImageId, Pick<Reject, 'version'>>> {
  const suspected = pictures.filter(({ id }) => rejects.has(id));
  const looked = await eachOf(suspected, async ({ id }): Async<Rejected[]> => {
    const reject = await own.readReject(id, signal);
    if (reject.ok) return ok(reject.value ? [[id, reject.value]] : []);
    // One that is damaged is of no version, and will be written anew.
    return reject.error.code === 'image_unreadable' ? ok([[id, { version: '' }]]) : reject;
  });
  return looked.ok ? ok(new Map(looked.value.flat())) : looked;
}
