import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { computeSearchSpace, type SearchSpaceSamples } from '../core/compute-search-space.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { parseSearchSpace, serializeSearchSpace } from '../core/search-space.ts';

/** `computeSearchSpace` in a thread of its own: it takes seconds, and searches go on meanwhile. */
export async function computeSearchSpaceAside(
  samples: SearchSpaceSamples,
): Promise<Result<SearchSpace, string>> {
  const worker = new Worker(new URL(import.meta.url), { workerData: samples, execArgv: [] });
  const [computed] = (await once(worker, 'message')) as [Result<Uint8Array, string>];
  return computed.ok ? parseSearchSpace(computed.value) : computed;
}

if (!isMainThread && isSamples(workerData)) {
  const space = computeSearchSpace(workerData);
  parentPort?.postMessage(space.ok ? ok(serializeSearchSpace(space.value)) : err(space.error), []);
}

/** Another worker may import this module for its own ends. */
function isSamples(data: unknown): data is SearchSpaceSamples {
  return typeof data === 'object' && data !== null && 'images' in data && 'texts' in data;
}
