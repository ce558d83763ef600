import type { Generation } from './generation.ts';
import type { ObjectStore } from './object-store.ts';
import { announcementKey } from './own-keys.ts';
import type { Cache, Logger } from './ports.ts';

/**
 * There is one announcement in so long, however many changes: what it leads to is paid for by the call.
 * A change that finds one just made is seen when the answers that a CDN has are over.
 */
export const announceEverySeconds = 30;

export interface AnnouncedOptions {
  /** That the generation is kept in; it also tells the processes of each other's announcements. */
  readonly cache: Cache;
  readonly index: string;
  /** The bucket of the pictures. */
  readonly objects: Pick<ObjectStore, 'put'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly timeoutMs?: number;
}

/**
 * A generation whose end is told outside of the cache as well, by a small object in the bucket: a CDN
 * in front hears of it by the event (`functions/publish-generation`). It is written when the end is
 * certain, never before, as an answer that is kept anew too early would be an old one. An announcement
 * that fails is said in the log and fails nothing: a CDN keeps answers for seconds only.
 */
export function withAnnouncements<Kind extends Pick<Generation, 'end' | 'endSoon'>>(
  generation: Kind,
  { cache, index, objects, logger, timeoutMs = 3000 }: AnnouncedOptions,
): Kind {
  const turn = `announced:${index}`;

  async function announce(): Promise<void> {
    const once = { ttlSeconds: announceEverySeconds, onlyIfAbsent: true };
    if (!(await cache.set(turn, '1', once))) return;
    const bytes = new TextEncoder().encode('The index has changed.\n');
    const signal = AbortSignal.timeout(timeoutMs);
    const put = await objects.put(announcementKey, bytes, { contentType: 'text/plain', signal });
    if (put.ok) return;
    logger.warn({ failure: put.error }, untold);
    // The next change may try again.
    await cache.remove(turn);
  }

  const announced = async (ended: Promise<boolean>): Promise<boolean> => {
    const isCertain = await ended;
    if (isCertain) await announce();
    return isCertain;
  };
  return {
    ...generation,
    end: () => announced(generation.end()),
    endSoon: () => announced(generation.endSoon()),
  };
}

const untold =
  'Cannot announce that the index has changed as the bucket does not take it: a CDN may give answers of before for as long as it keeps them';
