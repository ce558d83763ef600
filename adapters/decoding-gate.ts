import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import type { Async } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import { createGate } from '../core/gate.ts';
import type { PictureSize } from './picture-geometry.ts';

/** Decoding is all arithmetic: more pictures than cores are no faster, and slow down queries. */
const picturesAtATime = Math.min(Math.max(availableParallelism(), 2), 64);

/**
 * One of the largest at a time for every eight cores, or one of the usual size a core: pixels in
 * flight bound the memory. One gate for the whole process, as those who encode pictures and those who
 * make thumbnails of them share its memory and its cores.
 */
const capacity = imageLimits.pixels * Math.max(picturesAtATime / 8, 1);
const gate = createGate({ capacity });
const leastWeight = capacity / picturesAtATime;

/** Runs the task as soon as a picture of this size may be decoded. Fails also by the signal. */
export async function decodeInTurn<T>(
  { width, height }: PictureSize,
  task: () => Async<T>,
  signal?: AbortSignal,
): Async<T> {
  return gate.run(Math.max(width * height, leastWeight), task, signal);
}

/**
 * Sets sharp, for the whole process, to one thread a picture and no cache: several pictures at once
 * keep the cores as busy as several threads on one would, without their memory, which glibc's
 * allocator does not give back; and no picture is decoded twice.
 */
export function settleSharp(): void {
  sharp.concurrency(1);
  sharp.cache(false);
}
