import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { KeyValues } from '../../adapters/cloudfront-key-values.ts';
import type { EmfCollection } from '../../adapters/emf-collection.ts';
import { soonSeconds } from '../../core/generation.ts';
import { announcementKey } from '../../core/own-keys.ts';
import type { Logger } from '../../core/ports.ts';

/** What EventBridge says of an object of the bucket. */
const Announcement = z.object({
  /** ISO 8601, of whole seconds: when the object was written. */
  time: z.iso.datetime(),
  detail: z.object({ object: z.object({ key: z.literal(announcementKey) }) }),
});

export interface PublishGenerationParts {
  readonly generations: KeyValues;
  readonly metrics: Pick<EmfCollection, 'add' | 'count' | 'flush'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** Milliseconds since 1970. */
  readonly epochMs: () => number;
  readonly wait?: (ms: number) => Promise<unknown>;
}

export type PublishGeneration = (event: unknown) => Promise<void>;

/** After the second in which the object was written: until all that was before is forgotten behind. */
const dueAfterMs = (1 + soonSeconds) * 1000;

/** The name under which `cdk/cloudfront/search.js` reads it. */
const generationName = 'generation';

/**
 * The function that hears of a change of the index, and gives CloudFront a new generation for the keys
 * of its answers. What the generation is does not matter, but that it never was before: so events may
 * come twice and in any order. It waits until the caches behind CloudFront have forgotten what was
 * before the change (`endSoon`), as CloudFront would keep that anew. Throws where nothing could be
 * written, for Lambda to try again.
 */
export function createPublishGeneration(parts: PublishGenerationParts): PublishGeneration {
  const { generations, metrics, logger, epochMs, wait = sleep } = parts;
  let publishedAtMs = 0;
  return async (event) => {
    const read = Announcement.safeParse(event);
    if (!read.success) {
      // It is the same the next time: nobody should try it again.
      logger.warn({ event }, 'Cannot publish a generation as the event is no announcement of one');
      return;
    }
    const writtenMs = Date.parse(read.data.time);
    const dueMs = writtenMs + dueAfterMs;
    await wait(Math.min(dueAfterMs, Math.max(0, dueMs - epochMs())));
    const nowMs = epochMs();
    // Told twice, or told of what came to pass before this was published.
    if (publishedAtMs >= dueMs) {
      metrics.count('generations_skipped', 1);
      metrics.flush();
      return;
    }
    const put = await generations.put(generationName, `${nowMs.toString(36)}-${randomUUID()}`);
    metrics.count('generations_published', put.ok ? 1 : 0);
    if (put.ok) metrics.add('publish_delay', 'Milliseconds', Math.max(0, epochMs() - writtenMs));
    metrics.flush();
    if (!put.ok) throw new Error(put.error.detail, { cause: put.error.cause });
    publishedAtMs = Math.max(publishedAtMs, nowMs);
  };
}
