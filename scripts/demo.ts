import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import type { Async } from '../core/failure.ts';
import { indexObjects } from '../core/index-objects.ts';
import { ok } from '../core/result.ts';
import { drawDemoPictures, listDemoPictures } from './demo-pictures.ts';

import type { Opened } from './open-local.ts';
import { createProgress } from './progress.ts';
import { createReport } from './report.ts';

/**
 * Fills an empty index with the demo pictures, so that the first search has something to find. An
 * interrupted first run is finished by the next one.
 */
export async function indexDemoPictures(
  engine: Opened['engine'],
  dataDirectory: string,
  signal: AbortSignal,
): Async<void> {
  const directory = join(dataDirectory, 'demo-pictures');
  const marker = join(directory, '.complete');
  const count = await engine.store.count();
  if (!count.ok) return count;
  const begun = (await exists(directory)) && !(await exists(marker));
  if (count.value > 0 && !begun) return ok(undefined);

  process.stderr.write('The index is empty: drawing and indexing the demo pictures, once.\n');
  const pictures = await listDemoPictures();
  const drawing = createProgress('Drawing ', pictures.length);
  await drawDemoPictures(directory, pictures, () => drawing.advance(1), signal);
  drawing.stop();

  const indexing = createProgress('Indexing', pictures.length);
  const report = createReport();
  const indexed = await indexObjects(engine, {
    objects: createDirectoryObjects(directory),
    batchSize: 64,
    prune: false,
    signal,
    async onOutcomes(outcomes) {
      report.add(outcomes);
      indexing.advance(outcomes.length);
    },
  });
  indexing.stop();
  if (!indexed.ok) return indexed;
  process.stderr.write(`${report.summary()}\n`);
  await writeFile(marker, '');
  return ok(undefined);
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
