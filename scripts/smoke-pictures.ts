import sharp from 'sharp';
import { SearchResponse } from '../core/model.ts';
import { createClient } from '../web/client.ts';
import {
  ask,
  failed,
  jsonOf,
  passed,
  skipped,
  type SmokeCheck,
  type SmokeWorld,
  whyNot,
} from './smoke-world.ts';

const pictures: SmokeCheck = {
  name: 'pictures can be seen',
  async look(world) {
    const answer = await ask(world, 'search?q=a+dog&top_k=3');
    const text = await answer.clone().text();
    const why = await whyNot(answer, 200, SearchResponse);
    if (why !== undefined) return failed(why);
    const [first] = SearchResponse.parse(jsonOf(text)).results;
    if (first === undefined) return skipped('the index is empty');
    const { url, thumbnail_url: thumbnail } = first.metadata;
    for (const one of thumbnail === null ? [url] : [url, thumbnail]) {
      const open = await ask(world, one, { key: 'none' });
      const picture = open.status === 401 ? await ask(world, one) : open;
      const type = picture.headers.get('content-type') ?? '';
      const notSeen = await whyNot(picture, 200);
      if (notSeen !== undefined) return failed(`${one}: ${notSeen}`);
      await picture.arrayBuffer();
      if (!type.startsWith('image/')) return failed(`${one} is ${type}`);
    }
    return passed(thumbnail === null ? 'without thumbnails' : 'with thumbnails');
  },
};

/** What the system keeps for itself in the bucket, in every way to write it. */
const ownPaths = [
  'pictures/.picture-search/rejects/a.png.json',
  'pictures/.picture-search/generation',
  'pictures/%2Epicture-search/generation',
  'pictures//.picture-search/generation',
  'pictures/.picture-search/thumbnails/..%2Fgeneration',
  'pictures/.picture-search/manifests/',
];

const ownFiles: SmokeCheck = {
  name: 'what is not a picture cannot be seen',
  async look(world) {
    for (const path of ownPaths) {
      const answer = await ask(world, path, { key: 'none' });
      await answer.arrayBuffer();
      if (![400, 401, 403, 404, 405, 422].includes(answer.status)) {
        return failed(`${path} is answered with ${answer.status}`);
      }
    }
    return passed();
  },
};

export const pictureChecks: readonly SmokeCheck[] = [pictures, ownFiles];

/** A picture that nobody has: noise, so that two runs never make the same. */
function makePicture(): Promise<Buffer> {
  const size = 64;
  const noise = crypto.getRandomValues(new Uint8Array(size * size * 3));
  return sharp(noise, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
}

/** How long a picture may take into the index, and out of it. */
const pipelineMs = 120_000;

/** Uploads one picture, finds it, removes it: the way through the bucket and the queue. */
export const writeCheck: SmokeCheck = {
  name: 'upload, search, remove',
  async look(world) {
    const client = createClient({ baseUrl: world.base, apiKey: world.apiKey });
    const bytes = new Uint8Array(await makePicture());
    const file = new Blob([bytes], { type: 'image/png' });
    const uploaded = await client.upload(file, { file_name: 'smoke.png', category: 'smoke' });
    if (!uploaded.ok) return failed(`upload: ${uploaded.problem.detail ?? uploaded.problem.code}`);
    const { id } = uploaded.value;
    const begin = performance.now();
    const there = await client.waitUntilSearchable(id, { timeoutMs: pipelineMs });
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const why = there.ok ? await findIt(world, id) : `it is not in the index after ${seconds} s`;
    const removed = await client.remove(id);
    if (why !== undefined) return failed(why);
    if (!removed.ok) return failed(`remove: ${removed.problem.detail ?? removed.problem.code}`);
    return (await isGone(world, id))
      ? passed(`searchable after ${seconds} s`)
      : failed('it is still in the index after it was removed');
  },
};

async function findIt(world: SmokeWorld, id: string): Promise<string | undefined> {
  const answer = await ask(world, `images/${id}`);
  const text = await answer.clone().text();
  const why = await whyNot(answer, 200);
  if (why !== undefined) return `the picture: ${why}`;
  return text.includes('smoke.png') ? undefined : 'it has another name in the index';
}

async function isGone(world: SmokeWorld, id: string): Promise<boolean> {
  const end = performance.now() + pipelineMs;
  while (performance.now() < end) {
    const answer = await ask(world, `images/${id}`);
    await answer.text();
    if (answer.status === 404) return true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return false;
}
