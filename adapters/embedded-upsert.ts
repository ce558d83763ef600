import { setImmediate } from 'node:timers/promises';
import { chunks } from '../core/chunks.ts';
import { type Async, abortFailure } from '../core/failure.ts';
import type { Point } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import { documentsOf } from './embedded-documents.ts';
import type { Engine } from './embedded-engine.ts';
import type { Change } from './embedded-journal.ts';

/** Two milliseconds' work here. */
const pointsAtOnce = 32;
const idsAtOnce = 1_024;

/** So many writes are on their way to the other thread, that neither waits for the other. */
const underWay = 4;

export function upsertAll(
  engine: Engine,
  points: readonly Point[],
  signal: AbortSignal | undefined,
): Async<void> {
  const parts = chunks(points, pointsAtOnce).values();
  return writeAll(
    engine,
    parts.map((part) => () => ({ upsert: documentsOf(part) })),
    signal,
  );
}

export function removeAll(
  engine: Engine,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Async<void> {
  const parts = chunks(ids, idsAtOnce).values();
  return writeAll(
    engine,
    parts.map((part) => () => ({ remove: part })),
    signal,
  );
}

/** In order; the first failure ends it. */
async function writeAll(
  engine: Engine,
  changes: Iterable<() => Change>,
  signal: AbortSignal | undefined,
): Async<void> {
  const going: Async<void>[] = [];
  for (const change of changes) {
    if (signal?.aborted) {
      await Promise.all(going);
      return err(abortFailure(signal));
    }
    going.push(engine.write(change()));
    const first = going.length < underWay ? undefined : await going.shift();
    if (first && !first.ok) return first;
    await setImmediate();
  }
  const failed = (await Promise.all(going)).find((result) => !result.ok);
  return failed ?? ok(undefined);
}
