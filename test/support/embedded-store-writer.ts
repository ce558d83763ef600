/**
 * A process to be killed: writes to an embedded store without end, and says on standard output
 * what it is about to do and what is done, a JSON value a line.
 */
import { writeSync } from 'node:fs';
import { createEmbeddedStore } from '../../adapters/embedded-store.ts';
import { expectOk } from './expect-ok.ts';
import { createPoint, randomVector } from './points.ts';
import { seededRandom } from './random.ts';

/** One line: what happens to which ids. `version` is the width of the pictures put in. */
export type WriterStep =
  | { readonly step: 'opening' | 'open' | 'done' }
  | { readonly step: 'upsert'; readonly version: number; readonly ids: readonly string[] }
  | { readonly step: 'remove'; readonly ids: readonly string[] };

export const writerModel = { id: 'demo', revision: '1', dimensions: 32 };

async function write(directory: string, seed: number): Promise<never> {
  const random = seededRandom(seed);
  say({ step: 'opening' });
  const store = expectOk(
    await createEmbeddedStore({ directory, collection: 'images', model: writerModel }),
  );
  say({ step: 'open' });
  for (let version = seed * 10_000 + 1; ; version++) {
    const ids = Array.from({ length: 1 + random() * 100 }, () => `${Math.floor(random() * 500)}`);
    if (random() < 0.25) {
      say({ step: 'remove', ids });
      expectOk(await store.remove(ids));
    } else {
      say({ step: 'upsert', version, ids });
      const point = (id: string) => createPoint(id, randomVector(random, 32), { width: version });
      expectOk(await store.upsert(ids.map(point)));
    }
    say({ step: 'done' });
    if (random() < 0.15) void store.optimize();
  }
}

/** At once and whole, which `console.log` into a pipe does not promise. */
function say(step: WriterStep): void {
  writeSync(1, `${JSON.stringify(step)}\n`);
}

const [, script, directory, seed] = process.argv;
if (script === import.meta.filename && directory) await write(directory, Number(seed));
