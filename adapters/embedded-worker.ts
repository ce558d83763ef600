import { parentPort, workerData } from 'node:worker_threads';
import { serializeSearchSpace } from '../core/search-space.ts';
import type { DurableCollection } from './embedded-durable.ts';
import { type Engine, createEngine, createSearchPace, sizeOf } from './embedded-engine.ts';
import { type Place, openCollection } from './embedded-opening.ts';
import type { Answer, Call, Opened } from './embedded-thread.ts';

const port = parentPort;
if (!port) throw new Error('Cannot start as this is not a worker thread');

function answer(message: Answer): void {
  port?.postMessage(message, []);
}

function describe(collection: DurableCollection): Opened {
  const { space } = collection.current();
  return {
    size: sizeOf(collection),
    effort: collection.manifest().effort,
    space: space && serializeSearchSpace(space),
  };
}

async function serve(engine: Engine, { id, method, args }: Call): Promise<void> {
  const action = engine[method] as (...values: readonly unknown[]) => ReturnType<Engine['size']>;
  answer({ id, result: await action(...args) });
  if (method === 'close') port?.close();
}

const pace = createSearchPace();
const opening = await openCollection(workerData as Place, pace);
if (opening.ok) {
  const engine = createEngine(opening.value, pace);
  port.on('message', (call: Call) => void serve(engine, call));
  answer({ id: 0, result: { ok: true, value: describe(opening.value) } });
} else {
  answer({ id: 0, result: opening });
  port.close();
}
