import { env } from 'node:process';

/**
 * Each query that is under way may hold one thread of the pool while it waits for others. At most as
 * many are under way as libuv has threads: 4, or what `UV_THREADPOOL_SIZE` says (32 in our images).
 * They are started as they are needed, and a pool of this size is no slower.
 */
const threads = 256;

/**
 * zvec 0.7.0 searches its segments (what is optimized, what came later) with plans of Apache Arrow:
 * one for each, and one over all that runs on a thread of Arrow's pool and waits there for those of the
 * segments, which need a thread of the same pool. It has as many as there are cores: where as many
 * queries take them all, everything waits for ever. Arrow takes another number from these variables
 * alone, when it makes its pool, and zvec has no setting for it. Nothing else in this process reads them.
 *
 * To be called before zvec is used. Reaches zvec only from the main thread: a worker thread has a
 * copy of the environment.
 */
export function widenPool(): void {
  env['OMP_NUM_THREADS'] = String(threads);
  delete env['OMP_THREAD_LIMIT'];
}
