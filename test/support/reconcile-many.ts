import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { imageId } from '../../core/image-id.ts';
import { isOwnKey } from '../../core/own-keys.ts';
import type { ImageRecord } from '../../core/model.ts';
import type { ListOptions } from '../../core/object-store.ts';
import { reconcile } from '../../core/reconcile.ts';
import { ok } from '../../core/result.ts';
import { createMemoryObjects } from './memory-objects.ts';

/**
 * Reconciles so many objects with as many records, neither of which is kept: one in 1,000 is missing, and
 * one in 1,000 gone. Prints the heap in megabytes, every tenth of the way, and what was found.
 */
const count = Number(process.argv[2]);
const root = 's3://many';
const version = '"1"';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const bare = createMemoryObjects({ root });
const objects = {
  ...bare,
  async *list({ prefix = '' }: ListOptions = {}) {
    if (isOwnKey(prefix)) return;
    for (let n = 0; n < count; n += 1) yield ok({ key: `pictures/${n}.jpg`, bytes: 1, version });
  },
};

function recordOf(id: string, key: string): ImageRecord {
  const names = { file_path: key, file_name: key, s3_key: null, category: null };
  return { id, metadata: { ...names, width: 1, height: 1 }, origin: { root, key, version } };
}

const missing = new Set<string>();
for (let n = 0; n < count; n += 1000) missing.add(imageId(`${root}/pictures/${n}.jpg`));

let sent = 0;
let removed = 0;
const heaps: number[] = [];
let looked = 0;

const report = await reconcile({
  objects,
  store: {
    get: async (ids) =>
      ok(ids.filter((id) => !missing.has(id)).map((id) => recordOf(id, 'pictures'))),
    async remove(ids) {
      removed += ids.length;
      return ok(undefined);
    },
    async *scan() {
      for (let start = 0; start < count; start += 250) {
        const keys = Array.from({ length: 250 }, (_, n) =>
          (start + n) % 1000 === 0 ? `gone/${start + n}.jpg` : `pictures/${start + n}.jpg`,
        );
        yield ok(keys.map((key) => recordOf(imageId(`${root}/${key}`), key)));
      }
    },
  },
  async send(keys) {
    sent += keys.length;
    return ok(undefined);
  },
  seed: 1,
  onProgress(_, more) {
    const before = Math.floor((looked * 10) / count);
    looked += more;
    if (Math.floor((looked * 10) / count) === before) return;
    collect();
    heaps.push(Math.round(process.memoryUsage().heapUsed / 1e5) / 10);
  },
});

process.stdout.write(`${JSON.stringify({ report, sent, removed, heaps })}\n`);
