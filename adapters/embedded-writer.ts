import type { Async } from '../core/failure.ts';
import type { Point, VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { createTurns } from '../core/turns.ts';
import type { Engine } from './embedded-engine.ts';
import type { Lifetime } from './embedded-lifetime.ts';
import { type SpaceMaker, moveToOwnSpace } from './embedded-moving.ts';
import { lookWhile } from './embedded-records.ts';
import type { Opened } from './embedded-thread.ts';
import { removeAll, upsertAll } from './embedded-upsert.ts';
import { spaceOf } from './embedded-space.ts';

/** All that changes a collection, one thing after the other, and what is known of it without asking. */
export interface Writer extends Pick<VectorStore, 'upsert' | 'remove' | 'optimize' | 'setEffort'> {
  /** At least so many points are there; `optimize` makes it exact. */
  count(): number;
  space(): SearchSpace | undefined;
}

export interface WriterOptions {
  readonly engine: Engine;
  readonly lifetime: Lifetime;
  readonly opened: Opened;
  /** A collection that has more and no space yet moves to one. */
  readonly spaceFrom: number;
  readonly spaceMaker: SpaceMaker | null;
}

export function createWriter(options: WriterOptions): Writer {
  const { engine, lifetime, opened } = options;
  const inTurn = createTurns();
  let { count } = opened.size;
  const home = createHome(options);

  async function recount(): Async<number> {
    const size = await engine.size();
    if (size.ok) ({ count } = size.value);
    return size.ok ? ok(count) : size;
  }

  async function upsert(points: readonly Point[], signal?: AbortSignal): Async<void> {
    const written = await upsertAll(engine, points, signal);
    // Early, as all that comes later need not be moved; and nobody waits for it but later writes.
    const isDue = home.isTooSmall(count) && !home.hasTried();
    if (isDue) void lifetime.attempt(() => inTurn(() => home.move(recount)));
    return written;
  }

  async function optimize(): Async<void> {
    // Where no space can be made the vectors stay as they are, and are searched as before.
    if (home.isTooSmall(count)) await home.move(recount);
    const optimized = await engine.optimize();
    await recount();
    return optimized;
  }

  return {
    count: () => count,
    space: home.space,
    upsert(points, signal) {
      count += points.length;
      return lifetime.attempt(() => inTurn(() => upsert(points, signal)), signal);
    },
    remove: (ids, signal) =>
      lifetime.attempt(() => inTurn(() => removeAll(engine, ids, signal)), signal),
    optimize: () => lifetime.attempt(() => inTurn(optimize)),
    setEffort: (effort) => lifetime.attempt(() => inTurn(() => engine.setEffort(effort))),
  };
}

/** The space that the vectors are in, and the move to one when they have become many. */
function createHome({ engine, lifetime, opened, spaceFrom, spaceMaker }: WriterOptions) {
  let space = opened.space && spaceOf(opened.space);
  let hasTried = false;
  const isTooSmall = (count: number) =>
    spaceMaker !== null && space === undefined && count > spaceFrom;
  return {
    space: () => space,
    isTooSmall,
    hasTried: () => hasTried,
    async move(recount: () => Async<number>): Async<void> {
      const counted = await recount();
      if (!counted.ok) return counted;
      if (!spaceMaker || !isTooSmall(counted.value)) return ok(undefined);
      hasTried = true;
      const lookAt = lookWhile(engine, lifetime);
      const moved = await moveToOwnSpace(engine, lookAt, counted.value, spaceMaker);
      if (moved.ok) space = moved.value;
      return moved.ok ? ok(undefined) : moved;
    },
  };
}
