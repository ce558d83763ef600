/**
 * A process that searches an embedded store from all sides at once, and says on standard output how
 * often it was answered. Where no answer comes any more it says so and dies.
 */
import { writeSync } from 'node:fs';
import { createEmbeddedStore } from '../../adapters/embedded-store.ts';
import { parseFilter } from '../../core/filter.ts';
import type { VectorStore } from '../../core/ports.ts';
import { expectOk } from './expect-ok.ts';
import { createPoint, randomVector } from './points.ts';
import { seededRandom } from './random.ts';

const dimensions = 24;
const atOnce = 16;
const hungAfterMs = 8_000;
const random = seededRandom(5);
const filters = [parseFilter(null), parseFilter({ category: 'animals', width: { lt: 200 } })];

function points(first: number, count: number) {
  return Array.from({ length: count }, (_, index) =>
    createPoint(String(first + index), randomVector(random, dimensions), { width: first + index }),
  );
}

async function searchFromAllSides(store: VectorStore, times: number): Promise<void> {
  let asked = 0;
  let answered = 0;
  let watchdog = setTimeout(die, hungAfterMs);
  function die() {
    writeSync(1, `Hung after ${answered} answers\n`);
    // No way out is left but this one: zvec's threads never end.
    process.kill(process.pid, 'SIGKILL');
  }
  async function ask(): Promise<void> {
    for (asked += 1; asked <= times; asked += 1) {
      const filter = filters[asked % filters.length];
      const vector = randomVector(random, dimensions);
      if (asked % 5 === 0) expectOk(await store.get([String(asked % 301)]));
      else expectOk(await store.query({ vector, limit: 10, filter }));
      answered += 1;
      clearTimeout(watchdog);
      watchdog = setTimeout(die, hungAfterMs);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, ask));
  clearTimeout(watchdog);
  writeSync(1, `${answered} answers\n`);
}

const [, , directory = '', times = ''] = process.argv;
const model = { id: 'demo', revision: '1', dimensions };
const store = expectOk(await createEmbeddedStore({ directory, collection: 'images', model }));
// What is optimized and what came later are two segments, and a search looks at both.
expectOk(await store.upsert(points(0, 300)));
expectOk(await store.optimize());
expectOk(await store.upsert(points(300, 1)));
await searchFromAllSides(store, Number(times));
await store.close();
